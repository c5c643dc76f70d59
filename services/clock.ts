import { fromCallback, fromPromise } from 'xstate';
import { ClockError } from './errors.ts';
import { find, type Found } from './finder.ts';
import { endingWithOwner, type OfMachine } from './owner.ts';
import { wrongAnswer } from './wrong-answer.ts';

/** Timers of a clock, of the shape that XState takes. */
export interface Timers {
  /**
   * Calls `fn` once, no sooner than after `ms` milliseconds.
   *
   * @returns An id for {@link Timers.clearTimeout}.
   */
  setTimeout(fn: () => void, ms: number): unknown;
  /** Cancels a timer; does nothing if it has fired, was cancelled before, or is `undefined`. */
  clearTimeout(id: unknown): void;
}

/** The unit's one clock: wall time, monotonic time and timers. */
export interface Clock extends Timers {
  /** The host's wall clock, Unix milliseconds. May jump. */
  now(): number;
  /** Milliseconds since some fixed moment; never jumps. */
  monotonic(): number;
}

/** A reference clock outside the device. */
export interface ClockSource {
  /**
   * Reads the reference clock once.
   *
   * @param signal Aborts the reading and rejects the promise.
   * @returns Milliseconds by which the reference is ahead of `clock.monotonic()`, corrected for the round trip.
   * @throws {ClockError} With the transport's own error as `cause`.
   */
  readOffset(signal: AbortSignal): Promise<number>;
}

/**
 * Turns a clock source into the time machine's `readOffset` actor.
 *
 * @example
 * import { timeMachine } from 'pepeunit-client/machines';
 * import { readOffset } from 'pepeunit-client/services';
 *
 * const machine = timeMachine.provide({ actors: { readOffset: readOffset(unit.world.clockSource) } });
 */
export const readOffset = (given: Found<ClockSource>) =>
  fromPromise<number>(async ({ self, signal }) => {
    const offsetMs: unknown = await find(given, self).readOffset(signal);
    if (typeof offsetMs === 'number' && Number.isFinite(offsetMs)) return offsetMs;
    const message = wrongAnswer('readOffset()', 'clockSource', offsetMs, 'a finite number of milliseconds');
    throw new ClockError('malformed', message);
  });
export type ReadOffset = ReturnType<typeof readOffset>;

/** How far the wall clock may drift from the monotonic one between two readings of the reference clock, milliseconds. */
const maxDriftMs = 5000;
/** Interval of the comparison, milliseconds. */
const lookEveryMs = 10_000;

/** Sent once to the time machine when the monotonic clock stood still or the wall clock was set. */
export type ClockEvent = { type: 'clock.moved' };

/** The watch over a clock, for all units of the process that follow it: one timer compares its two times. */
interface Watch {
  /** Calls back once, when the times have drifted apart since now. @returns Ends that. */
  onMoved(listener: () => void): () => void;
}

const watches = new WeakMap<Clock, Watch>();

const createWatch = (clock: Clock): Watch => {
  const leadMs = () => clock.now() - clock.monotonic();
  /** How far the wall clock was ahead when each began to listen. */
  const listeners = new Map<() => void, number>();
  let timer: unknown;
  const wait = () => {
    timer = listeners.size > 0 ? clock.setTimeout(look, lookEveryMs) : undefined;
  };
  const look = () => {
    const now = leadMs();
    const moved = [...listeners].filter(([, first]) => Math.abs(now - first) > maxDriftMs);
    for (const [listener] of moved) listeners.delete(listener);
    wait();
    for (const [listener] of moved) listener();
  };
  return {
    onMoved: (listener) => {
      listeners.set(listener, leadMs());
      if (timer === undefined) wait();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clock.clearTimeout(timer);
        timer = undefined;
      };
    },
  };
};

/** The watch over a clock, made when it is first needed. */
const watchOver = (clock: Clock): Watch => {
  const watch = watches.get(clock) ?? createWatch(clock);
  watches.set(clock, watch);
  return watch;
};

/**
 * Reports, for the time machine's `watchClock`, when the wall clock and the monotonic clock drift apart by more than 5
 * s; all units that follow one clock have one timer for it. In a suspend the monotonic clock stands still, and the time derived from it falls behind.
 *
 * @example
 * import { timeMachine } from 'pepeunit-client/machines';
 * import { watchClock } from 'pepeunit-client/services';
 *
 * const machine = timeMachine.provide({ actors: { watchClock: watchClock(unit.world.clock) } });
 */
export const watchClock = (given: Found<Clock>) =>
  fromCallback<{ type: 'clock.ignore' }, OfMachine, ClockEvent>(({ input, self, sendBack }) =>
    endingWithOwner(
      input,
      watchOver(find(given, self)).onMoved(() => sendBack({ type: 'clock.moved' })),
    ),
  );
export type WatchClock = ReturnType<typeof watchClock>;
