import type { Clock, ClockSource } from '../../services/clock.ts';
import { ClockError } from '../../services/errors.ts';

/** How long a reading stands for those who ask after it, milliseconds: for less than the wait before anybody's next try. */
const standsForMs = 900;

/** One reading, and all who wait for it. */
interface Reading {
  /** Whether it still runs, or has ended a moment ago. */
  isGood(): boolean;
  /** Waits for it, unless the signal aborts; it is stopped once nobody waits any more. @throws {ClockError} */
  join(signal: AbortSignal): Promise<number>;
}

/** The newest readings of this process by clock, since their results count in its time, and by reference. */
const readings = new WeakMap<Clock, Map<string, Reading>>();

const readingsBy = (clock: Clock): Map<string, Reading> => {
  const known = readings.get(clock) ?? new Map<string, Reading>();
  readings.set(clock, known);
  return known;
};

const aborted = (reference: string) =>
  new ClockError('aborted', `${reference} is not asked any more: the reading was stopped.`);

/** Counts a moment by both clocks of the host: the monotonic one stands still in a suspend. */
const createStopwatch = (clock: Clock): (() => number) => {
  const wallMs = clock.now();
  const monotonicMs = clock.monotonic();
  return () => Math.max(Math.abs(clock.now() - wallMs), clock.monotonic() - monotonicMs);
};

const begin = (source: ClockSource, clock: Clock, reference: string): Reading => {
  const end = new AbortController();
  const result = source.readOffset(end.signal);
  let endedForMs: (() => number) | undefined;
  let waiting = 0;
  const settle = () => {
    endedForMs = createStopwatch(clock);
  };
  result.then(settle, settle);
  return {
    isGood: () => !end.signal.aborted && (endedForMs === undefined || endedForMs() < standsForMs),
    join: (signal) =>
      new Promise((resolve, reject) => {
        const leave = () => {
          waiting -= 1;
          if (waiting === 0 && !endedForMs) end.abort();
          reject(aborted(reference));
        };
        const stay = () => signal.removeEventListener('abort', leave);
        waiting += 1;
        signal.addEventListener('abort', leave, { once: true });
        result.then(resolve, reject).finally(stay);
      }),
  };
};

/**
 * Shares the readings of a reference clock among all units of the process: who asks during a reading, or within a second
 * after, gets its result, also where it is a failure. It is stopped once nobody waits for it.
 *
 * @param reference Name of the reference clock; readings are shared by this name, for each clock apart.
 * @param clock The clock that the source's offsets count from.
 * @throws {ClockError} The error of the shared reading; `aborted`.
 */
export const sharedClockSource = (source: ClockSource, reference: string, clock: Clock): ClockSource => ({
  readOffset: async (signal) => {
    if (signal.aborted) throw aborted(reference);
    const known = readingsBy(clock);
    const newest = known.get(reference);
    const reading = newest?.isGood() === true ? newest : begin(source, clock, reference);
    known.set(reference, reading);
    return reading.join(signal);
  },
});
