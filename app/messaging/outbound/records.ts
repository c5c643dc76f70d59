import { publishBytes } from '../../../adapters/shared/mqtt/packet-size.ts';
import type { Clock } from '../../../services/clock.ts';
import { failureOf } from '../../../services/errors.ts';
import type { Outbox, StoredMessage } from '../../../services/outbox.ts';
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
  /** What the numbers of this run begin at; unknown before the store was read. */
  let base: number | undefined;
  const records = {
    /** UUID of the unit that this program is; `undefined` before it is known. */
    unit: undefined as string | undefined,
    idOf: ({ order }: Pick<Message, 'order'>): number => (base ?? 0) + order,
    /** Gives this run numbers above all in the store, also to what waits to be written. */
    numberFrom: (lastId: number, pending: Iterable<Message>) => {
      let firstOrder = 1;
      for (const { order } of pending) firstOrder = Math.min(firstOrder, order);
      base = Math.max(base ?? 0, lastId + 1 - firstOrder);
    },
    recordOf: (message: Message): StoredMessage => {
      const { topic, payload, qos, retain, bornMs, acceptedMs, unit } = message;
      const epoch = epochMs();
      return {
        id: records.idOf(message),
        topic: topic.name,
        payload: typeof payload === 'string' ? encoder.encode(payload) : payload,
        qos,
        retain,
        acceptedMs: acceptedMs ?? (epoch === undefined ? undefined : Math.round(epoch - (clock.monotonic() - bornMs))),
        unit: unit ?? records.unit,
      };
    },
    read: (messages: readonly StoredMessage[]): readonly RestoredMessage[] => {
      const now = clock.monotonic();
      const epoch = epochMs();
      return messages.map(({ id, acceptedMs, ...message }) => ({
        ...message,
        acceptedMs,
        order: id - (base ?? 0),
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
