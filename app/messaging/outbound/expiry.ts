import { Timer } from '../../../adapters/shared/clock.ts';
import type { Clock } from '../../../services/clock.ts';
import { isWaiting } from './message.ts';
import type { Messages } from './messages.ts';
import { expired } from './result.ts';

const tooOld = expired('It waited for longer than the outbox keeps messages.');

/** Ends messages that are too old. */
export class Expiry {
  readonly #clock: Clock;
  readonly #ageMs: number;
  readonly #messages: Messages;
  /** Until then nothing that waits is too old. */
  #dueMs = Infinity;
  #isTimed = false;
  readonly #timer: Timer;

  constructor(clock: Clock, ageMs: number, messages: Messages) {
    this.#clock = clock;
    this.#ageMs = ageMs;
    this.#messages = messages;
    this.#timer = new Timer(clock, () => this.#expire(clock.monotonic()));
  }

  /** Ends what is too old. @param bornMs When the oldest was accepted that waits only now. */
  expire(nowMs: number, bornMs = Infinity): void {
    this.#dueMs = Math.min(this.#dueMs, bornMs + this.#ageMs);
    if (nowMs > this.#dueMs || (this.#isTimed && !this.#timer.isRunning)) this.#expire(nowMs);
  }

  /** From now on a timer ends what is too old, also while nothing is published. */
  start(): void {
    this.#isTimed = true;
    this.#expire(this.#clock.monotonic());
  }

  stop(): void {
    this.#isTimed = false;
    this.#timer.stop();
  }

  #expire(nowMs: number): void {
    const { fifo } = this.#messages;
    let oldest = fifo.find(isWaiting);
    for (; oldest && nowMs - oldest.bornMs > this.#ageMs; oldest = fifo.find(isWaiting)) {
      this.#messages.end(oldest, tooOld);
    }
    this.#dueMs = oldest ? oldest.bornMs + this.#ageMs : Infinity;
    if (this.#isTimed && oldest) this.#timer.start(this.#dueMs - nowMs + 1);
  }
}
