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

/** The events of an instance. Listeners are called at once, in order; one that throws becomes a `fault`. */
export interface Events {
  /**
   * Calls back on each event of one type.
   *
   * @returns A function that ends it.
   * @example
   * const stopListening = instance.events.on('state', ({ unit, outcome }) => console.log(unit, outcome));
   * stopListening();
   */
  on<K extends keyof InstanceEvents>(type: K, listener: (event: InstanceEvents[K]) => void): () => void;
  /**
   * Calls back on every event.
   *
   * @returns A function that ends it.
   * @example
   * const stopListening = instance.events.subscribe((event) => console.log(event.type));
   * stopListening();
   */
  subscribe(listener: (event: InstanceEvent) => void): () => void;
}

/** The side of {@link Events} that the instance itself uses. */
export interface EventHub extends Events {
  emit(event: InstanceEvent): void;
  /** Reports a failure that no caller waits for. */
  fault(what: string, thrown: unknown): void;
}

const isOfType = <K extends keyof InstanceEvents>(
  event: InstanceEvent,
  type: K,
): event is InstanceEvent & InstanceEvents[K] => event.type === type;

/** A hub of events without listeners. */
export const createEventHub = (): EventHub => {
  const listeners = new Set<(event: InstanceEvent) => void>();
  /** @returns What listeners threw. */
  const deliver = (event: InstanceEvent): unknown[] => {
    const thrown: unknown[] = [];
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        thrown.push(error);
      }
    }
    return thrown;
  };
  // What a listener throws about a fault is not reported: it would throw about that again.
  const fault: EventHub['fault'] = (what, thrown) => void deliver({ type: 'fault', what, failure: failureOf(thrown) });
  const emit: EventHub['emit'] = (event) => {
    const thrown = deliver(event);
    if (event.type === 'fault') return;
    for (const error of thrown) fault('A listener of the instance threw', error);
  };
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
        if (isOfType(event, type)) listener(event);
      }),
  };
};
