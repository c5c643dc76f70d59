import type { Clock } from '../../services/clock.ts';

/** Counts what happens again and again, and tells of it: of the first at once, of those after it once in a while. */
export interface Tally {
  /** It has happened once more. */
  add(): void;
  /** It is over: the next is a first one again. */
  reset(): void;
  count(): number;
  /** Counts on, and tells no more. */
  stop(): void;
}

/**
 * @param tell Gets how many there were since it was called last, and in all. What it causes itself is counted, and told of
 * no more than anything else is.
 */
export const createTally = (clock: Clock, everyMs: number, tell: (fresh: number, total: number) => void): Tally => {
  let total = 0;
  let known = 0;
  let isQuiet = false;
  let timer: unknown;
  const look = () => {
    timer = undefined;
    if (isQuiet || total === known) return;
    timer = clock.setTimeout(look, everyMs);
    tell(total - known, total);
    known = total;
  };
  const forget = () => {
    clock.clearTimeout(timer);
    timer = undefined;
  };
  return {
    add: () => {
      total += 1;
      if (timer === undefined) look();
    },
    reset: forget,
    count: () => total,
    stop: () => {
      isQuiet = true;
      forget();
    },
  };
};
