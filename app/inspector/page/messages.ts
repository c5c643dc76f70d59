import type { JsonValue } from '../../../services/json.ts';
import type { Payload } from '../wire.ts';
import { shortTopic } from './format.ts';
import type { Source } from '../replay/source.ts';
import type { Topic } from '../replay/topics.ts';

/** A message with what had become of it up to a row. */
export interface Message {
  readonly number: number;
  readonly at: number;
  readonly topic: string;
  readonly direction: 'in' | 'out';
  readonly payload: Payload;
  readonly size: number;
  readonly qos: number;
  readonly retain: boolean;
  readonly fate: string;
  readonly reason: string;
  /** When its fate was known. */
  readonly fateAt: number;
}

type Detail = readonly [direction: 'in' | 'out', payload: Payload, size: number, qos: number, retain: boolean];

/** Reads a message as it stood before a row. */
export const messageAt = ({ rows }: Source, number: number, before: number): Message => {
  const row = rows.row(number);
  const [direction, payload, size, qos, retain] = row.detail as unknown as Detail;
  let fate = row.from;
  while (fate >= before) fate = rows.row(fate).from;
  const last = fate === -1 ? undefined : rows.row(fate);
  return {
    number,
    at: row.at,
    topic: row.name,
    direction,
    payload,
    size,
    qos,
    retain,
    fate: last?.value ?? row.value,
    reason: typeof last?.detail === 'string' ? last.detail : '',
    fateAt: last?.at ?? row.at,
  };
};

/** What people call a topic: its key in the schema, with the beginning of the topic where others have that key too. */
export const topicName = ({ topicKeys }: Source, topic: string): string => {
  const key = topicKeys.get(topic);
  const short = shortTopic(topic);
  if (key === undefined) return short;
  const isShared = [...topicKeys].some(([other, one]) => one === key && other !== topic);
  return isShared ? `${short.split('/', 1)[0] ?? ''} ${key}` : key;
};

/** A payload in one line. */
export const payloadText = (payload: Payload): string => (typeof payload === 'string' ? payload : payload.base64);

/** A payload's JSON, `undefined` for any other. */
export const payloadJson = (payload: Payload): JsonValue | undefined => {
  if (typeof payload !== 'string') return undefined;
  try {
    return JSON.parse(payload) as JsonValue;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** Time over which a topic's rate is taken, in milliseconds. */
const rateOver = 10_000;

/** A topic up to a row. */
export interface TopicView {
  readonly key: string;
  readonly topic: Topic;
  readonly count: number;
  /** Messages a second over the last ten seconds. */
  readonly rate: number;
  readonly last: Message;
}

/** The topics that had messages before a row, the latest first. */
export const topicsAt = (source: Source, time: number, before: number): TopicView[] =>
  [...source.topics.topics]
    .flatMap(([key, topic]): TopicView[] => {
      const count = topic.rows.countTo(before - 1);
      if (count === 0) return [];
      const recent = count - topic.times.countTo(time - rateOver);
      const last = messageAt(source, topic.rows.at(count - 1), before);
      return [{ key, topic, count, rate: Math.max(0, recent) / (rateOver / 1_000), last }];
    })
    .toSorted((one, other) => other.last.number - one.last.number);
