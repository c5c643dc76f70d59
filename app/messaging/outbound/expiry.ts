import type { Clock } from '../../../services/clock.ts';
import type { Message } from './message.ts';
import type { Messages } from './messages.ts';
import { expired } from './result.ts';

const tooOld = expired('It waited for longer than the outbox keeps messages.');

const isWaiting = ({ state }: Message): boolean => state === 'waiting';

/** Ends messages that are too old. */
export class Expiry {
  readonly #clock: Clock;
  readonly #ageMs: number;
  readonly #messages: Messages;
  /** Until then nothing that waits is too old. */
  #dueMs = Infinity;
  #isTimed = false;
  #timer: unknown;

  constructor(clock: Clock, ageMs: number, messages: Messages) {
    this.#clock = clock;
    this.#ageMs = ageMs;
    this.#messages = messages;
  }

  /** Ends what is too old. @param bornMs When the oldest was accepted that waits only now. */
  expire(nowMs: number, bornMs = Infinity): void {
    this.#dueMs = Math.min(this.#dueMs, bornMs + this.#ageMs);
    if (nowMs > this.#dueMs || (this.#isTimed && this.#timer === undefined)) this.#expire(nowMs);
  }

  /** From now on a timer ends what is too old, also while nothing is published. */
  start(): void {
    this.#isTimed = true;
    this.#expire(this.#clock.monotonic());
  }

  stop(): void {
    this.#isTimed = false;
    this.#clock.clearTimeout(this.#timer);
  }

  #expire(nowMs: number): void {
    const { fifo } = this.#messages;
    let oldest = fifo.find(isWaiting);
    for (; oldest && nowMs - oldest.bornMs > this.#ageMs; oldest = fifo.find(isWaiting)) {
      this.#messages.end(oldest, tooOld);
    }
    this.#dueMs = oldest ? oldest.bornMs + this.#ageMs : Infinity;
    if (!this.#isTimed || !oldest || this.#timer !== undefined) return;
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#expire(this.#clock.monotonic());
      },
      this.#dueMs - nowMs + 1,
    );
  }
}
