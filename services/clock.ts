import { fromPromise } from 'xstate';

/** The one clock that moves a unit: wall time, monotonic time and timers. */
export interface Clock {
  /** The host's wall clock, Unix milliseconds. May jump. */
  now(): number;
  /** Milliseconds since some fixed moment; never jumps. */
  monotonic(): number;
  /** Calls `fn` once after `ms`; the result cancels it through `clearTimeout`. */
  setTimeout(fn: (...args: never[]) => void, ms: number): unknown;
  clearTimeout(id: unknown): void;
}

/** A reference clock somewhere outside the device. */
export interface ClockSource {
  /**
   * Reads the reference clock once.
   *
   * @param signal Aborts the reading; the promise then rejects.
   * @returns How far the reference is ahead of `clock.monotonic()`, in milliseconds, corrected for the round trip.
   * @throws {ClockError} With the transport's own error as `cause`.
   */
  readOffset(signal: AbortSignal): Promise<number>;
}

/** Turns a clock source into the time machine's `readOffset` actor. */
export const readOffset = (source: ClockSource) => fromPromise<number>(({ signal }) => source.readOffset(signal));
export type ReadOffset = ReturnType<typeof readOffset>;
