import { failureOf, type Failure } from '../../../services/errors.ts';
import type { JsonObject } from '../../../services/json.ts';
import type { LogDocument } from '../store/documents.ts';

/** Commands that an operator can send to a unit. */
export const commands = ['Update', 'EnvUpdate', 'SchemaUpdate', 'LogSync', 'Reset'] as const;
export type Command = (typeof commands)[number];

/** Events of an instance, by name. Units are named by their UUIDs, payloads are the bytes as received. */
export interface InstanceEvents {
  /** A unit has connected. */
  connect: OfUnit & {
    /** Client id of the connection: the unit's UUID, alone or with a suffix. */
    clientId: string;
    /** Version of MQTT: 5, or 4 for 3.1.1. */
    protocol: number;
  };
  /** A connection of a unit has ended. */
  disconnect: OfUnit & {
    /** Client id of the connection. */
    clientId: string;
    /** The fault that ended it; `undefined` where none did. */
    reason: string | undefined;
  };
  /** A refused CONNECT. */
  refused: {
    /** Client id that it asked for; empty where none could be read. */
    clientId: string;
    /** Why it was refused. */
    reason: string;
  };
  /** A unit has asked for a topic. */
  subscribed: OfUnit & {
    /** The topic. */
    topic: string;
    /** Quality of service that it asked for. */
    qos: number;
    /** Whether the topic was denied to it. */
    denied: boolean;
  };
  /** A unit has given a topic up. */
  unsubscribed: OfUnit & {
    /** The topic. */
    topic: string;
  };
  /** A message that a unit published, or the instance itself. */
  published: {
    /** Who published it; `undefined` for the instance. */
    unit: string | undefined;
    /** The topic. */
    topic: string;
    /** Key of the topic in the schema, such as `output/pepeunit`; `undefined` for no topic of a unit. */
    key: string | undefined;
    /** The message. */
    payload: Uint8Array;
    /** Quality of service of the message. */
    qos: number;
    /** Whether it was denied, and so dropped. */
    denied: boolean;
  };
  /** A message is on its way to a unit that subscribes to its topic. */
  delivered: OfUnit & {
    /** The topic. */
    topic: string;
  };
  /** A unit has reported its state. */
  state: OfUnit & {
    /** The report; `undefined` for one that is no JSON object. */
    report: JsonObject | undefined;
    /** What became of it: kept, ignored as it came before PU_STATE_SEND_INTERVAL was over, or unreadable. */
    outcome: 'taken' | 'tooEarly' | 'refused';
  };
  /** A unit has sent entries of its log. */
  log: OfUnit & {
    /** Those that were stored. */
    entries: readonly LogDocument[];
    /** How many could not be read. */
    invalid: number;
  };
  /** A command was sent to a unit. */
  command: OfUnit & {
    /** Which one. */
    command: Command;
    /** The message that carried it. */
    payload: JsonObject;
  };
  /** The start waits: the data folder is locked by a process that can't be seen, such as one of a container that is gone. */
  locked: {
    /** The data folder. */
    folder: string;
    /** Id of that process, where it runs. */
    pid: number;
    /** Time until the folder is taken over if that process shows no sign of life, milliseconds. */
    atMostMs: number;
  };
  /** A failure inside the instance, which keeps running. */
  fault: {
    /** What failed. */
    what: string;
    /** How it failed. */
    failure: Failure;
  };
}

interface OfUnit {
  /** UUID of the unit. */
  unit: string;
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
