import { failureOf, type Failure } from '../../../services/errors.ts';
import type { JsonObject } from '../../../services/json.ts';
import type { LogDocument } from '../store/documents.ts';

/** The commands that an operator can send to a unit. */
export const commands = ['Update', 'EnvUpdate', 'SchemaUpdate', 'LogSync'] as const;
export type Command = (typeof commands)[number];

/** What happens in an instance, by name. Payloads are bytes as they came. */
export interface InstanceEvents {
  connect: { unit: string; clientId: string; protocol: number };
  disconnect: { unit: string; clientId: string; reason: string | undefined };
  /** A CONNECT that was turned away. */
  refused: { clientId: string; reason: string };
  subscribed: { unit: string; topic: string; qos: number; denied: boolean };
  unsubscribed: { unit: string; topic: string };
  /** A message that a unit, or the instance itself (no unit), has published. */
  published: {
    unit: string | undefined;
    topic: string;
    key: string | undefined;
    payload: Uint8Array;
    qos: number;
    denied: boolean;
  };
  delivered: { unit: string; topic: string };
  state: { unit: string; report: JsonObject | undefined; outcome: 'taken' | 'tooEarly' | 'refused' };
  log: { unit: string; entries: readonly LogDocument[]; invalid: number };
  command: { unit: string; command: Command; payload: JsonObject };
  /** Something inside the instance went wrong; it keeps running. */
  fault: { what: string; failure: Failure };
}

export type InstanceEvent = { [K in keyof InstanceEvents]: { type: K } & InstanceEvents[K] }[keyof InstanceEvents];

/** Where an instance tells what happens. Listeners are called at once, in order; one that throws becomes a `fault`. */
export interface Events {
  /** @returns A function that ends it. */
  on<K extends keyof InstanceEvents>(type: K, listener: (event: InstanceEvents[K]) => void): () => void;
  /** Hears everything. @returns A function that ends it. */
  subscribe(listener: (event: InstanceEvent) => void): () => void;
}

/** The end of {@link Events} that the instance itself holds. */
export interface EventSource extends Events {
  emit<K extends keyof InstanceEvents>(type: K, event: InstanceEvents[K]): void;
  /** Tells of a failure that nobody waits for. */
  fault(what: string, thrown: unknown): void;
}

/** A hub of events with nobody listening yet. */
export const eventSource = (): EventSource => {
  const listeners = new Set<(event: InstanceEvent) => void>();
  const emit: EventSource['emit'] = (type, event) => {
    const whole = { type, ...event } as unknown as InstanceEvent;
    for (const listener of listeners) {
      try {
        listener(whole);
      } catch (thrown) {
        if (type !== 'fault') fault('A listener of the instance threw', thrown);
      }
    }
  };
  const fault = (what: string, thrown: unknown) => emit('fault', { what, failure: failureOf(thrown) });
  const subscribe: Events['subscribe'] = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    emit,
    fault,
    subscribe,
    on: (type, listener) =>
      subscribe((event) => {
        if (event.type === type) listener(event as never);
      }),
  };
};
