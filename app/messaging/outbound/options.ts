import type { UnitSchema } from '../../../services/schema.ts';

/** What is kept of a topic's messages while they can't be sent. */
export type Keep =
  /** The newest message alone. */
  | 'latest'
  /** Every message, in order. */
  | 'queue'
  /** Nothing: what can't be sent at once is dropped. */
  | 'none';

/** How the messages of a topic wait. */
export interface KeepPolicy {
  readonly keep: Keep;
  /** What goes when there is no place left. @defaultValue `'dropOldest'` */
  readonly whenFull?: 'dropOldest' | 'rejectNew';
  /** Messages of this topic that may wait. @defaultValue as many as of all topics together */
  readonly messages?: number;
  /** Whether these messages give way to those of other topics. @defaultValue false */
  readonly yields?: boolean;
}

/**
 * How fast a unit may publish; the platform's brokers slow down or cut off who is faster. In any second no more than
 * `burst` and `messages` together are sent, nor twice `bytes`; and what has waited only as long as all that is sent stays below `messages` and
 * `bytes`.
 */
export interface RateLimit {
  /** Messages a second. @defaultValue 30 */
  readonly messages?: number;
  /** Bytes a second, and at once. @defaultValue 1_000_000 */
  readonly bytes?: number;
  /** Messages that may go at once after a quiet time. @defaultValue 100 */
  readonly burst?: number;
}

/** How messages wait for the link. */
export interface OutboxOptions {
  /** Messages that may wait. @defaultValue 1_000 */
  readonly messages?: number;
  /** Bytes that may wait: payloads and topics. On disk they take up to twice as much. @defaultValue 4 MiB */
  readonly bytes?: number;
  /** How long a message may wait, milliseconds. @defaultValue 604_800_000, a week */
  readonly ageMs?: number;
  /** Bytes of one packet: topic and payload. @defaultValue 256 KiB, the platform's limit */
  readonly packetBytes?: number;
  /**
   * How each topic waits, by its key in the schema or by the topic itself.
   *
   * @defaultValue `{ 'state/pepeunit': 'latest', 'log/pepeunit': { keep: 'queue', messages: 256, yields: true } }`, all others `'queue'`
   */
  readonly policies?: Readonly<Record<string, Keep | KeepPolicy>>;
  /** How fast messages go out; `false` for as fast as the link takes them. */
  readonly rate?: RateLimit | false;
  /** Whether what waits outlives the program. @defaultValue true */
  readonly durable?: boolean;
  /**
   * How long a message of QoS 1 or 2 may go unacknowledged before it is written to disk as well, milliseconds.
   * What resolved as `queued` is always written. @defaultValue 100
   */
  readonly unacknowledgedMs?: number;
}

/** The options with every default filled in. */
export interface OutboxBounds {
  readonly messages: number;
  readonly bytes: number;
  readonly ageMs: number;
  readonly packetBytes: number;
  readonly unacknowledgedMs: number;
}

const defaultOutboxBounds: OutboxBounds = {
  messages: 1_000,
  bytes: 4 * 1024 * 1024,
  ageMs: 7 * 24 * 3_600_000,
  packetBytes: 256 * 1024,
  unacknowledgedMs: 100,
};

/** The bounds that a user set, and the defaults of the others. */
export const boundsOf = (options: OutboxOptions): OutboxBounds => ({
  messages: options.messages ?? defaultOutboxBounds.messages,
  bytes: options.bytes ?? defaultOutboxBounds.bytes,
  ageMs: options.ageMs ?? defaultOutboxBounds.ageMs,
  packetBytes: options.packetBytes ?? defaultOutboxBounds.packetBytes,
  unacknowledgedMs: options.unacknowledgedMs ?? defaultOutboxBounds.unacknowledgedMs,
});

const defaultPolicies: Readonly<Record<string, Keep | KeepPolicy>> = {
  'state/pepeunit': 'latest',
  'log/pepeunit': { keep: 'queue', messages: 256, yields: true },
};

/** A policy with nothing left out. */
export type Policy = Required<KeepPolicy>;

const policyOf = (given: Keep | KeepPolicy): Policy => ({
  whenFull: 'dropOldest',
  messages: Infinity,
  yields: false,
  ...(typeof given === 'string' ? { keep: given } : given),
});

const anyTopic = policyOf('queue');

/** Finds the policy of each topic. */
export interface Policies {
  of(topic: string): Policy;
  /** Takes over which topics the keys stand for. */
  route(schema: Pick<UnitSchema, 'output_topic' | 'output_base_topic'>): void;
}

export const createPolicies = (given: OutboxOptions['policies'] = {}): Policies => {
  const named = new Map(
    Object.entries({ ...defaultPolicies, ...given }).map(([name, policy]) => [name, policyOf(policy)]),
  );
  let byTopic: ReadonlyMap<string, Policy> = named;
  return {
    of: (topic) => byTopic.get(topic) ?? anyTopic,
    route: (schema) => {
      const keys = [...Object.entries(schema.output_base_topic), ...Object.entries(schema.output_topic)];
      const topics = keys.flatMap(([key, own]) =>
        own.map((topic): [string, Policy | undefined] => [topic, named.get(key)]),
      );
      const known = topics.filter((pair): pair is [string, Policy] => pair[1] !== undefined);
      byTopic = new Map([...known, ...named]);
    },
  };
};
