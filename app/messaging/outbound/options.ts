import type { Qos } from '../../../services/broker.ts';
import type { UnitSchema } from '../../../services/schema.ts';

/** Which messages of a topic are queued while they can't be sent. */
export type Keep =
  /** The newest message only. */
  | 'latest'
  /** Every message, in order. */
  | 'queue'
  /** None: a message that can't be sent at once is dropped. */
  | 'none';

/** Queue policy of a topic. */
export interface KeepPolicy {
  /** Which messages are queued: the newest, all in order, or none. */
  readonly keep: 'latest' | 'queue' | 'none';
  /** Which message a full queue drops: the oldest queued one, or the new one. @defaultValue `'dropOldest'` */
  readonly whenFull?: 'dropOldest' | 'rejectNew' | undefined;
  /** Limit of queued messages of this topic. @defaultValue none besides {@link OutboxOptions.messages} */
  readonly messages?: number | undefined;
  /** Whether queued messages of other topics are sent first, with a share of the rate reserved for them. @defaultValue false */
  readonly yields?: boolean | undefined;
  /**
   * Time that a message may be in memory alone before it is written to disk, milliseconds; until then a kill of the program
   * loses it. At 0 it is written before its publish resolves as `queued`.
   *
   * @defaultValue 0
   */
  readonly storeAfterMs?: number | undefined;
  /** Quality of service of messages that name none, as {@link OutboxOptions.qos} says. @defaultValue that of the outbox */
  readonly qos?: Qos | undefined;
}

/**
 * Rate limit of publishing. The platform's brokers slow down or disconnect a faster client, so change it only for another
 * broker. Any second has at most `burst + messages` messages and twice `bytes`; queued messages go out evenly, within
 * `messages` and `bytes`.
 */
export interface RateLimit {
  /** Messages a second. @defaultValue 30 */
  readonly messages?: number | undefined;
  /** Bytes a second, which may also go at once. @defaultValue 1_000_000 */
  readonly bytes?: number | undefined;
  /** Messages that may go at once after a pause. @defaultValue 100 */
  readonly burst?: number | undefined;
}

/** A topic of a unit, with its UUID in it. */
type UnitTopic = `${string}/${string}-${string}-${string}-${string}-${string}`;

type QueuePolicies<TKey extends string> = {
  readonly [K in TKey | UnitTopic]?: 'latest' | 'queue' | 'none' | KeepPolicy | undefined;
};

/**
 * Options of the outbox, which queues messages while the link is down or the rate limit is reached.
 *
 * @typeParam TKey Topic keys that have a policy.
 */
export interface OutboxOptions<TKey extends string = string> {
  /** Limit of queued messages. Raise it for long outages. @defaultValue 1_000 */
  readonly messages?: number | undefined;
  /** Limit of queued payloads and topics, bytes. They take up to twice as much on disk. @defaultValue 4 MiB */
  readonly bytes?: number | undefined;
  /** Time after which a queued message expires, milliseconds. @defaultValue 604_800_000, a week */
  readonly ageMs?: number | undefined;
  /** Size limit of one packet, bytes; a larger message is refused. @defaultValue 256 KiB, the platform's limit */
  readonly packetBytes?: number | undefined;
  /**
   * Quality of service of `publishToTopics` where neither the call nor the topic's policy names one. At 0 a message counts
   * as sent once it is written to the connection, and is lost with a connection that breaks; at 1 it is sent until the
   * broker has acknowledged it, and may arrive twice; at 2 it arrives once on each connection. `mqttClient.publish` uses 0
   * unless told otherwise.
   *
   * @defaultValue 1
   */
  readonly qos?: Qos | undefined;
  /**
   * Queue policies, by the topic's key in the schema or by the topic itself. They add to the default ones.
   *
   * @defaultValue `{ 'state/pepeunit': { keep: 'latest', qos: 0 }, 'log/pepeunit': { keep: 'queue', messages: 256, yields: true, storeAfterMs: 1_000, qos: 1 } }`, all others `'queue'`
   */
  readonly policies?: QueuePolicies<TKey> | undefined;
  /** Rate limit of publishing; `false` for none. @defaultValue the platform's limit */
  readonly rate?: RateLimit | false | undefined;
  /** Whether queued messages are stored on disk, and survive a restart. Turn it off to spare flash memory. @defaultValue true */
  readonly durable?: boolean | undefined;
  /**
   * Time that a sent message of QoS 1 or 2 may stay unacknowledged before it is written to disk too, milliseconds. A lower
   * one loses less in a crash, and writes more. A message that resolved as `queued` is always written, or soon will be where
   * its policy has a {@link KeepPolicy.storeAfterMs}.
   *
   * @defaultValue 100
   */
  readonly unacknowledgedMs?: number | undefined;
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

/** Fills in the defaults of the bounds. */
export const boundsOf = (options: OutboxOptions): OutboxBounds => ({
  messages: options.messages ?? defaultOutboxBounds.messages,
  bytes: options.bytes ?? defaultOutboxBounds.bytes,
  ageMs: options.ageMs ?? defaultOutboxBounds.ageMs,
  packetBytes: options.packetBytes ?? defaultOutboxBounds.packetBytes,
  unacknowledgedMs: options.unacknowledgedMs ?? defaultOutboxBounds.unacknowledgedMs,
});

const defaultPolicies: Readonly<Record<string, KeepPolicy>> = {
  'state/pepeunit': { keep: 'latest', qos: 0 },
  'log/pepeunit': { keep: 'queue', messages: 256, yields: true, storeAfterMs: 1_000, qos: 1 },
};

/** A policy with every default filled in. */
export type Policy = { readonly [K in keyof KeepPolicy]-?: Exclude<KeepPolicy[K], undefined> };

const policyOf = (given: Keep | KeepPolicy, defaultQos: Qos): Policy => {
  const policy: KeepPolicy = typeof given === 'string' ? { keep: given } : given;
  const { keep, whenFull = 'dropOldest', messages = Infinity, yields = false, storeAfterMs = 0 } = policy;
  return { keep, whenFull, messages, yields, storeAfterMs, qos: policy.qos ?? defaultQos };
};

/** Finds the policy of each topic. */
export interface Policies {
  of(topic: string): Policy;
  /** Applies the topics of a schema's keys. */
  route(schema: Pick<UnitSchema, 'output_topic' | 'output_base_topic'>): void;
}

export const createPolicies = ({ policies, qos = 1 }: Pick<OutboxOptions, 'policies' | 'qos'> = {}): Policies => {
  const anyTopic = policyOf('queue', qos);
  const named = new Map(
    Object.entries({ ...defaultPolicies, ...policies }).flatMap(([name, policy]): [string, Policy][] =>
      policy === undefined ? [] : [[name, policyOf(policy, defaultPolicies[name]?.qos ?? qos)]],
    ),
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
