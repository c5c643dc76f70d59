import { publishBytes } from '../../../adapters/shared/mqtt/packet-size.ts';
import type { Clock } from '../../../services/clock.ts';
import { failureOf } from '../../../services/errors.ts';
import type { Outbox, StoredMessage, StoredMessages } from '../../../services/outbox.ts';
import type { Message, RestoredMessage } from './message.ts';
import type { OutboxQueue } from './queue.ts';
import type { Unsent } from './result.ts';

export interface PersistenceParts {
  /** `undefined` when nothing needs to outlive the program. */
  readonly store: Outbox | undefined;
  readonly clock: Clock;
  readonly queue: OutboxQueue;
  /** Unix milliseconds by a synchronised clock; `undefined` before the first sync. */
  readonly epochMs: () => number | undefined;
  readonly warn: (message: string) => void;
}

const encoder = new TextEncoder();

/** Turns messages into the records of a store, and back. */
export const createRecords = ({ clock, epochMs }: PersistenceParts) => {
  const records = {
    /** What the numbers of this run begin at; unknown before the store was read. */
    base: undefined as number | undefined,
    /** UUID of the unit that this program is; `undefined` before it is known. */
    unit: undefined as string | undefined,
    recordOf: ({ order, topic, payload, qos, retain, bornMs, acceptedMs, unit }: Message): StoredMessage => {
      const epoch = epochMs();
      return {
        id: (records.base ?? 0) + order,
        topic: topic.name,
        payload: typeof payload === 'string' ? encoder.encode(payload) : payload,
        qos,
        retain,
        acceptedMs: acceptedMs ?? (epoch === undefined ? undefined : Math.round(epoch - (clock.monotonic() - bornMs))),
        unit: unit ?? records.unit,
      };
    },
    read: ({ messages, lastId }: StoredMessages, known: ReadonlyMap<number, Message>): readonly RestoredMessage[] => {
      const base = (records.base ??= lastId);
      const now = clock.monotonic();
      const epoch = epochMs();
      const unknown = messages.filter(({ id }) => !known.has(id));
      return unknown.map(({ id, acceptedMs, ...message }) => ({
        ...message,
        acceptedMs,
        order: id - base,
        bytes: publishBytes(message.topic, message.payload),
        bornMs: epoch === undefined || acceptedMs === undefined ? now : now - Math.max(0, epoch - acceptedMs),
      }));
    },
  };
  return records;
};

export type Records = ReturnType<typeof createRecords>;

/** Puts messages aside that can never be delivered, and warns once when it can't. */
export const createDeadLetters = ({ store, queue, warn }: PersistenceParts, { recordOf }: Records) => {
  let hasWarned = false;
  const onFailure = (thrown: unknown) => {
    if (!hasWarned) warn(`A message that can never be delivered could not be put aside: ${failureOf(thrown).message}`);
    hasWarned = true;
  };
  return (message: Message, result: Unsent) => {
    store?.deadLetter([{ message: recordOf(message), ...result }]).catch(onFailure);
    queue.end(message, result, 'dead');
  };
};

/** Gives the messages of earlier runs their age, once the time is synchronised; those that are read later get it at once. */
export const createDating = ({ clock, queue, epochMs }: PersistenceParts) => {
  let isDated = false;
  return () => {
    const epoch = epochMs();
    if (epoch === undefined || isDated) return;
    isDated = true;
    const now = clock.monotonic();
    let oldestMs = Infinity;
    for (const message of queue.all()) {
      if (message.acceptedMs === undefined) continue;
      message.bornMs = Math.min(message.bornMs, now - (epoch - message.acceptedMs));
      oldestMs = Math.min(oldestMs, message.bornMs);
    }
    queue.expire(now, oldestMs);
  };
};
