import type { Clock, Timers } from '../../services/clock.ts';

/** Maximum delay of a host timer, milliseconds. */
const maxTimerMs = 2 ** 31 - 1;

interface LongTimer {
  timer: ReturnType<typeof setTimeout> | undefined;
}

const start = (long: LongTimer, fn: () => void, ms: number): LongTimer => {
  const isShort = ms <= maxTimerMs;
  long.timer = isShort ? setTimeout(fn, ms) : setTimeout(() => start(long, fn, ms - maxTimerMs), maxTimerMs);
  return long;
};

const hostClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (fn: () => void, ms: number) => start({ timer: undefined }, fn, ms),
  clearTimeout: (id: unknown) => clearTimeout((id as LongTimer | undefined)?.timer),
});

/** The host's own clock and timers, one for all units of the process; a timer may exceed the host's limit of 24.8 days. */
export const systemClock = (): Clock => hostClock;

/**
 * Waits on a clock.
 *
 * @throws The signal's reason once it aborts.
 */
export const delay = (clock: Timers, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      clock.clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });

/** A reusable timer; a start while it runs does nothing. */
export class Timer {
  readonly #clock: Timers;
  readonly #onElapsed: () => void;
  #timer: unknown;

  constructor(clock: Timers, onElapsed: () => void) {
    this.#clock = clock;
    this.#onElapsed = onElapsed;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  start(ms: number): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#onElapsed();
    }, ms);
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
