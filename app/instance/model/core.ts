import type { Store } from '../store/store.ts';
import type { Tokens } from './access.ts';
import type { Address } from './env.ts';
import type { EventHub } from './events.ts';

/** What every part of an instance works with. */
export interface Core {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly events: EventHub;
  readonly address: Address;
  /** Publishes as the instance itself. */
  publish(topic: string, payload: string): Promise<void>;
}
