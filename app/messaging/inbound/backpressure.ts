import type { Clock } from '../../../services/clock.ts';

/** Shares of the room: taken up to here the stream pauses, down to here it goes on, down to here the overload is over. */
const marks = { pause: 3 / 4, goOn: 1 / 2, calm: 1 / 4 };

/** Pauses a stream while what came of it fills the room, so that the rest waits where it is instead of being dropped. */
export interface Backpressure {
  /** To be asked when the room got fuller. @returns What the stream has to wait for, if anything; it never rejects. */
  check(): Promise<void> | undefined;
  /** To be called when the room got emptier. */
  ease(): void;
  /** Lets the stream go on at once. */
  release(): void;
  /** How often the stream paused. */
  pauses(): number;
}

interface Pause {
  readonly over: Promise<void>;
  readonly end: () => void;
}

/**
 * Backpressure with a budget of time: all pauses of one overload together last no longer, so that what else comes with the
 * stream never waits longer either, however slow the handler is.
 *
 * @param level How much of the room is taken, from 0 to 1.
 * @param budgetMs Read at each pause.
 */
export const createBackpressure = (clock: Clock, level: () => number, budgetMs: () => number): Backpressure => {
  let spentMs = 0;
  let pauses = 0;
  let pause: Pause | undefined;

  const begin = (leftMs: number): Pause => {
    pauses += 1;
    const begunMs = clock.monotonic();
    let settle: () => void;
    const over = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const end = () => {
      pause = undefined;
      clock.clearTimeout(timer);
      spentMs += clock.monotonic() - begunMs;
      settle();
    };
    const timer = clock.setTimeout(end, leftMs);
    return { over, end };
  };

  return {
    check: () => {
      if (pause) return pause.over;
      if (level() < marks.pause) return undefined;
      const leftMs = budgetMs() - spentMs;
      // A timer may be early by a part of a millisecond.
      if (leftMs < 1) return undefined;
      pause = begin(leftMs);
      return pause.over;
    },
    ease: () => {
      const taken = level();
      if (taken <= marks.goOn) pause?.end();
      if (taken <= marks.calm) spentMs = 0;
    },
    release: () => pause?.end(),
    pauses: () => pauses,
  };
};
