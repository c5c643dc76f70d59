/**
 * Doubles the wait for each failed attempt, from `firstMs` up to `ceilingMs`.
 *
 * @param attempts Failed attempts so far; 0 waits as 1 does.
 */
export const backoff = (attempts: number, firstMs = 1000, ceilingMs = 60_000): number =>
  Math.min(firstMs * 2 ** Math.max(0, attempts - 1), ceilingMs);
