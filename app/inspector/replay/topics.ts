import type { Fate } from '../wire.ts';
import { createColumn, type Column } from './columns.ts';

/** Rows of a topic's messages, oldest first. */
export interface Topic {
  readonly topic: string;
  readonly direction: 'in' | 'out';
  readonly times: Column;
  readonly rows: Column;
}

/** A unit's messages by topic, and those that wait for their fate. */
export interface Topics {
  readonly topics: ReadonlyMap<string, Topic>;
  add(topic: string, direction: 'in' | 'out', at: number, row: number): void;
  /** Row of the message with an id, `undefined` where its fate was final or it is unknown. */
  rowOf(id: number): number | undefined;
  settle(id: number, fate: Fate, row: number): void;
  /** Forgets ids of the run before. */
  forget(): void;
  /** Forgets messages before a row. */
  dropTo(first: number): void;
}

/** Most topics that are told apart. */
const maxTopics = 2_000;
export const furtherTopics = '(further topics)';

/** Most messages that wait for their fate. */
const maxOpen = 65_536;

const isFinal = (fate: Fate): boolean => fate !== 'received' && fate !== 'queued' && fate !== 'accepted';

export const createTopics = (): Topics => {
  const topics = new Map<string, Topic>();
  const open = new Map<number, number>();
  const topicOf = (topic: string, direction: 'in' | 'out'): Topic => {
    const key = `${direction} ${topic}`;
    const known = topics.get(key);
    if (known) return known;
    if (topics.size >= maxTopics && topic !== furtherTopics) return topicOf(furtherTopics, direction);
    const made = { topic, direction, times: createColumn(Float64Array), rows: createColumn(Float64Array) };
    topics.set(key, made);
    return made;
  };
  return {
    topics,
    add: (topic, direction, at, row) => {
      const { times, rows } = topicOf(topic, direction);
      times.push(at);
      rows.push(row);
    },
    rowOf: (id) => open.get(id),
    settle: (id, fate, row) => {
      open.delete(id);
      if (isFinal(fate)) return;
      open.set(id, row);
      const [oldest] = open.keys();
      if (open.size > maxOpen && oldest !== undefined) open.delete(oldest);
    },
    forget: () => open.clear(),
    dropTo: (first) => {
      for (const [key, { times, rows }] of topics) {
        const count = rows.countTo(first - 1);
        times.drop(count);
        rows.drop(count);
        if (times.length === 0) topics.delete(key);
      }
    },
  };
};
