/** Timers of more than 2^31 - 1 ms fire at once on most hosts: waits for as long as a timer can instead. */
export const timerMs = (ms: number): number => Math.min(ms, 2_147_483_647);
