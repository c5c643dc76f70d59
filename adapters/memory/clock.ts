import type { Clock } from '../../services/clock.ts';

/** A clock that stands still until a test moves it; fits XState's `clock` option. */
export interface FakeClock extends Clock {
  /** Moves time forward: fires due timers in order, each at its own moment, including timers set meanwhile. */
  advance(ms: number): void;
  /** Sets the wall clock alone, as an operator or a time server would. */
  jump(ms: number): void;
  /** Number of pending timers. */
  readonly pending: number;
  /** Milliseconds until the next timer is due; `undefined` when none is pending. */
  readonly nextInMs: number | undefined;
}

interface Timer {
  readonly fn: () => void;
  readonly due: number;
  readonly id: number;
}

/** 2026-01-01T00:00:00Z */
const defaultStart = 1_767_225_600_000;

const firstDue = (timers: ReadonlyMap<number, Timer>): Timer | undefined => {
  let first: Timer | undefined;
  for (const timer of timers.values()) {
    if (!first || timer.due < first.due) first = timer;
  }
  return first;
};

/**
 * Creates a clock for tests and simulation.
 *
 * @param start Initial wall-clock time, Unix milliseconds; the monotonic clock starts at zero.
 * @example
 * import { fakeClock } from 'pepeunit-client/testing';
 *
 * const clock = fakeClock();
 * clock.setTimeout(() => console.log('a minute is over'), 60_000);
 * clock.advance(60_000);
 */
export const fakeClock = (start = defaultStart): FakeClock => {
  const timers = new Map<number, Timer>();
  let wall = start;
  let elapsed = 0;
  let lastId = 0;
  const moveTo = (moment: number): void => {
    wall += moment - elapsed;
    elapsed = moment;
  };
  return {
    now: () => wall,
    monotonic: () => elapsed,
    setTimeout: (fn, ms) => {
      lastId += 1;
      timers.set(lastId, { fn, due: elapsed + (ms > 0 ? ms : 0), id: lastId });
      return lastId;
    },
    clearTimeout: (id) => void timers.delete(id as number),
    advance: (ms) => {
      const end = elapsed + ms;
      for (let next = firstDue(timers); next && next.due <= end; next = firstDue(timers)) {
        timers.delete(next.id);
        moveTo(Math.max(elapsed, next.due));
        next.fn();
      }
      moveTo(Math.max(elapsed, end));
    },
    jump: (ms) => {
      wall += ms;
    },
    get pending() {
      return timers.size;
    },
    get nextInMs() {
      const next = firstDue(timers);
      return next && Math.max(0, next.due - elapsed);
    },
  };
};
