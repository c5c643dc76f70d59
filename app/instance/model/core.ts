import type { Store } from '../store/store.ts';
import type { Tokens } from './access.ts';
import type { Address } from './env.ts';
import type { EventHub } from './events.ts';

/** The shared parts of an instance. */
export interface Core {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly events: EventHub;
  readonly address: Address;
  /** Publishes a message as the instance, without access checks. */
  publish(topic: string, payload: string): Promise<void>;
}
