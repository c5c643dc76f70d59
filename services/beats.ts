import type { Clock } from './clock.ts';

/** How many moments an interval has at which beats come: a beat comes up to a twentieth of it sooner, so that many come together. */
const momentsPerInterval = 20;

interface Beat {
  readonly everyMs: number;
  readonly onBeat: (lateMs: number) => void;
  /** Monotonic time of its next moment, milliseconds. */
  dueMs: number;
}

/**
 * Steady beats for all who follow one clock: one timer serves them, and wakes the process once for all of a moment.
 *
 * A beat that comes late, as after a suspend, comes once.
 */
class Beats {
  readonly #clock: Clock;
  readonly #due = new Map<number, Set<Beat>>();
  #timer: unknown;
  #wakesMs = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls back every `everyMs` milliseconds from now on, with the milliseconds that the program was held up.
   *
   * @returns Ends that.
   */
  add(everyMs: number, onBeat: (lateMs: number) => void): () => void {
    const beat = { everyMs, onBeat, dueMs: 0 };
    this.#place(beat);
    this.#wake();
    return () => this.#remove(beat);
  }

  #place(beat: Beat): void {
    const gridMs = beat.everyMs / momentsPerInterval;
    beat.dueMs = Math.floor((this.#clock.monotonic() + beat.everyMs) / gridMs) * gridMs;
    const together = this.#due.get(beat.dueMs);
    if (together) together.add(beat);
    else this.#due.set(beat.dueMs, new Set([beat]));
  }

  #remove(beat: Beat): void {
    const together = this.#due.get(beat.dueMs);
    together?.delete(beat);
    if (together?.size === 0) this.#due.delete(beat.dueMs);
    this.#wake();
  }

  /** Sets the timer to the next moment. */
  #wake(): void {
    const nextMs = Math.min(...this.#due.keys());
    if (nextMs === this.#wakesMs) return;
    this.#clock.clearTimeout(this.#timer);
    this.#wakesMs = nextMs;
    if (nextMs === Infinity) return;
    this.#timer = this.#clock.setTimeout(() => this.#beat(), Math.max(0, nextMs - this.#clock.monotonic()));
  }

  #beat(): void {
    this.#wakesMs = Infinity;
    const now = this.#clock.monotonic();
    const due = [...this.#due].filter(([dueMs]) => dueMs <= now);
    for (const [dueMs, together] of due) {
      this.#due.delete(dueMs);
      for (const beat of together) this.#place(beat);
    }
    this.#wake();
    for (const [dueMs, together] of due) {
      // One of them may have ended another.
      for (const beat of together) if (this.#goesOn(beat)) beat.onBeat(now - dueMs);
    }
  }

  #goesOn(beat: Beat): boolean {
    return this.#due.get(beat.dueMs)?.has(beat) === true;
  }
}

const ofClock = new WeakMap<Clock, Beats>();

/** The beats of a clock, made when they are first needed. */
export const beatsOf = (clock: Clock): Beats => {
  const beats = ofClock.get(clock) ?? new Beats(clock);
  ofClock.set(clock, beats);
  return beats;
};
