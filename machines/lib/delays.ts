/**
 * Doubles a delay with each failed attempt, from `firstMs` up to `maxMs`.
 *
 * @param attempts Failed attempts so far; 0 gives the same as 1.
 */
export const backoff = (attempts: number, firstMs = 1000, maxMs = 60_000): number =>
  Math.min(firstMs * 2 ** Math.max(0, attempts - 1), maxMs);

/** Limit of host timers, 24.8 days: with more most fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Caps a delay at the limit of host timers. */
export const timerMs = (ms: number): number => Math.min(ms, maxTimerMs);
