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
export class Records {
  readonly #parts: PersistenceParts;
  /** What the numbers of this run begin at; unknown before the store was read. */
  #base: number | undefined;
  /** UUID of the unit that this program is; `undefined` before it is known. */
  unit: string | undefined;

  constructor(parts: PersistenceParts) {
    this.#parts = parts;
  }

  idOf({ order }: Pick<Message, 'order'>): number {
    return (this.#base ?? 0) + order;
  }

  /** Gives this run numbers above all in the store, also to what waits to be written. */
  numberFrom(lastId: number, pending: Iterable<Message>): void {
    let firstOrder = 1;
    for (const { order } of pending) firstOrder = Math.min(firstOrder, order);
    this.#base = Math.max(this.#base ?? 0, lastId + 1 - firstOrder);
  }

  recordOf(message: Message): StoredMessage {
    const { clock, epochMs } = this.#parts;
    const { topic, payload, qos, retain, bornMs, acceptedMs, unit } = message;
    const epoch = epochMs();
    return {
      id: this.idOf(message),
      topic: topic.name,
      payload: typeof payload === 'string' ? encoder.encode(payload) : payload,
      qos,
      retain,
      acceptedMs: acceptedMs ?? (epoch === undefined ? undefined : Math.round(epoch - (clock.monotonic() - bornMs))),
      unit: unit ?? this.unit,
    };
  }

  read(messages: readonly StoredMessage[]): readonly RestoredMessage[] {
    const { clock, epochMs } = this.#parts;
    const now = clock.monotonic();
    const epoch = epochMs();
    return messages.map(({ id, acceptedMs, ...message }) => ({
      ...message,
      acceptedMs,
      order: id - (this.#base ?? 0),
      bytes: publishBytes(message.topic, message.payload),
      bornMs: epoch === undefined || acceptedMs === undefined ? now : now - Math.max(0, epoch - acceptedMs),
    }));
  }
}

/** Puts messages aside that can never be delivered, and warns once when it can't. */
export class DeadLetters {
  readonly #parts: PersistenceParts;
  readonly #records: Records;
  #hasWarned = false;

  constructor(parts: PersistenceParts, records: Records) {
    this.#parts = parts;
    this.#records = records;
  }

  add(message: Message, result: Unsent): void {
    const { store, queue } = this.#parts;
    store
      ?.deadLetter([{ message: this.#records.recordOf(message), ...result }])
      .catch((thrown: unknown) => this.#onFailure(thrown));
    queue.end(message, result, 'dead');
  }

  #onFailure(thrown: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#parts.warn(`A message that can never be delivered could not be put aside: ${failureOf(thrown).message}`);
  }
}

/** Gives the messages of earlier runs their age, by the synchronised clock; those that are read later get it at once. */
export const dateMessages = ({ clock, queue }: PersistenceParts, epoch: number): void => {
  const now = clock.monotonic();
  let oldestMs = Infinity;
  for (const message of queue.all()) {
    if (message.acceptedMs === undefined) continue;
    message.bornMs = Math.min(message.bornMs, now - (epoch - message.acceptedMs));
    oldestMs = Math.min(oldestMs, message.bornMs);
  }
  queue.expire(now, oldestMs);
};
