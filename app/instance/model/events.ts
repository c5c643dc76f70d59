import { failureOf, type Failure } from '../../../services/errors.ts';
import type { JsonObject } from '../../../services/json.ts';
import type { LogDocument } from '../store/documents.ts';

/** Commands that an operator can send to a unit. */
export const commands = ['Update', 'EnvUpdate', 'SchemaUpdate', 'LogSync', 'Reset'] as const;
export type Command = (typeof commands)[number];

/** Events of an instance, by name. Payloads are the bytes as received. */
export interface InstanceEvents {
  connect: { unit: string; clientId: string; protocol: number };
  disconnect: { unit: string; clientId: string; reason: string | undefined };
  /** A refused CONNECT. */
  refused: { clientId: string; reason: string };
  subscribed: { unit: string; topic: string; qos: number; denied: boolean };
  unsubscribed: { unit: string; topic: string };
  /** A message that a unit published, or the instance itself (`unit` is `undefined`). */
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
  /** A failure inside the instance, which keeps running. */
  fault: { what: string; failure: Failure };
}

export type InstanceEvent = { [K in keyof InstanceEvents]: { type: K } & InstanceEvents[K] }[keyof InstanceEvents];

/** Subscriptions to an instance's events. Listeners run synchronously, in order; an error that one throws becomes a `fault`. */
export interface Events {
  /**
   * Subscribes to the events of one type.
   *
   * @returns A function that unsubscribes.
   * @example
   * const stopListening = instance.events.on('state', ({ unit, outcome }) => console.log(unit, outcome));
   * stopListening();
   */
  on<K extends keyof InstanceEvents>(type: K, listener: (event: InstanceEvents[K]) => void): () => void;
  /**
   * Subscribes to every event.
   *
   * @returns A function that unsubscribes.
   * @example
   * const stopListening = instance.events.subscribe((event) => console.log(event.type));
   * stopListening();
   */
  subscribe(listener: (event: InstanceEvent) => void): () => void;
}

/** {@link Events} together with the emitting side, for the instance itself. */
export interface EventHub extends Events {
  emit(event: InstanceEvent): void;
  /** Reports a failure that no caller waits for. */
  fault(what: string, thrown: unknown): void;
}

const isOfType = <K extends keyof InstanceEvents>(
  event: InstanceEvent,
  type: K,
): event is InstanceEvent & InstanceEvents[K] => event.type === type;

export const createEventHub = (): EventHub => {
  const listeners = new Set<(event: InstanceEvent) => void>();
  /** @returns The errors that listeners threw. */
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
  // An error that a listener throws on a fault is not reported, as the listener would throw on that fault too.
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
