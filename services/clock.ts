import { fromCallback, fromPromise } from 'xstate';
import { find, type Found, type OfUnit } from './finder.ts';

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
  fromPromise<number>(({ self, signal }) => find(given, self).readOffset(signal));
export type ReadOffset = ReturnType<typeof readOffset>;

/** How far the wall clock may drift from the monotonic one between two readings of the reference clock, milliseconds. */
const maxDriftMs = 5000;
/** Interval of the comparison, milliseconds. */
const lookEveryMs = 10_000;

/** Sent once to the time machine when the monotonic clock stood still or the wall clock was set. */
export type ClockEvent = { type: 'clock.moved' };

/**
 * Reports, for the time machine's `watchClock`, when the wall clock and the monotonic clock drift apart by more than 5
 * s. In a suspend the monotonic clock stands still, and the time derived from it falls behind.
 *
 * @example
 * import { timeMachine } from 'pepeunit-client/machines';
 * import { watchClock } from 'pepeunit-client/services';
 *
 * const machine = timeMachine.provide({ actors: { watchClock: watchClock(unit.world.clock) } });
 */
export const watchClock = (given: Found<Clock>) =>
  fromCallback<{ type: 'clock.ignore' }, OfUnit, ClockEvent>(({ self, sendBack }) => {
    const clock = find(given, self);
    const lead = () => clock.now() - clock.monotonic();
    const first = lead();
    const look = (): void => {
      if (Math.abs(lead() - first) > maxDriftMs) sendBack({ type: 'clock.moved' });
      else timer = clock.setTimeout(look, lookEveryMs);
    };
    let timer = clock.setTimeout(look, lookEveryMs);
    return () => clock.clearTimeout(timer);
  });
export type WatchClock = ReturnType<typeof watchClock>;
