import type { Clock } from '../../../services/clock.ts';

/** Shares of the room: taken up to here the stream pauses, down to here it goes on, down to here the overload is over. */
const marks = { pause: 3 / 4, goOn: 1 / 2, calm: 1 / 4 };

interface Pause {
  readonly over: Promise<void>;
  readonly end: () => void;
}

/**
 * Pauses a stream while what came of it fills the room, so that the rest waits where it is instead of being dropped. It has a
 * budget of time: all pauses of one overload together last no longer, so that what else comes with the stream never waits
 * longer either, however slow the handler is.
 */
export class Backpressure {
  readonly #clock: Clock;
  readonly #level: () => number;
  readonly #budgetMs: () => number;
  #spentMs = 0;
  #pauses = 0;
  #pause: Pause | undefined;

  /**
   * @param level How much of the room is taken, from 0 to 1.
   * @param budgetMs Read at each pause.
   */
  constructor(clock: Clock, level: () => number, budgetMs: () => number) {
    this.#clock = clock;
    this.#level = level;
    this.#budgetMs = budgetMs;
  }

  /** To be asked when the room got fuller. @returns What the stream has to wait for, if anything; it never rejects. */
  check(): Promise<void> | undefined {
    if (this.#pause) return this.#pause.over;
    if (this.#level() < marks.pause) return undefined;
    const leftMs = this.#budgetMs() - this.#spentMs;
    // A timer may be early by a part of a millisecond.
    if (leftMs < 1) return undefined;
    this.#pause = this.#begin(leftMs);
    return this.#pause.over;
  }

  /** To be called when the room got emptier. */
  ease(): void {
    const taken = this.#level();
    if (taken <= marks.goOn) this.#pause?.end();
    if (taken <= marks.calm) this.#spentMs = 0;
  }

  /** Lets the stream go on at once. */
  release(): void {
    this.#pause?.end();
  }

  /** How often the stream paused. */
  pauses(): number {
    return this.#pauses;
  }

  #begin(leftMs: number): Pause {
    this.#pauses += 1;
    const begunMs = this.#clock.monotonic();
    let settle: () => void;
    const over = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const end = () => {
      this.#pause = undefined;
      this.#clock.clearTimeout(timer);
      this.#spentMs += this.#clock.monotonic() - begunMs;
      settle();
    };
    const timer = this.#clock.setTimeout(end, leftMs);
    return { over, end };
  }
}
