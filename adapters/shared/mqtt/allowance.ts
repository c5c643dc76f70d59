/** The slowest line that is waited for, bytes a second. */
const slowestRate = 250;
/** Line time that the ordinary time limit covers, milliseconds. */
const coveredMs = 1000;

/**
 * Extra time for a message that the line may take long for, milliseconds; 0 for small ones, so that a dead link is
 * noticed as soon as ever while only these are sent.
 *
 * @param rate The slowest rate seen on the link, bytes a second; infinite while none was seen. A link that has shown
 * none gets the time of the slowest line.
 */
export const extraMs = (bytes: number, rate: number): number => {
  const known = Number.isFinite(rate) ? Math.max(rate, slowestRate) : slowestRate;
  const neededMs = (bytes / known) * 1000;
  return neededMs > coveredMs ? neededMs : 0;
};

/** The time of what is to be acknowledged next. */
export interface Turn {
  /** All before it has been acknowledged. */
  begin(): void;
  /** Its time counts anew. */
  prolong(): void;
  /** So many bytes were acknowledged in this turn. */
  learn(bytes: number): void;
  /** Whether the line may need long for so many bytes. */
  isLong(bytes: number): boolean;
  allowedMs(bytes: number): number;
  /** When its time is over. */
  dueMs(bytes: number): number;
}

/** Times turns, and notes the slowest rate that they show. */
export const createTurn = (timeoutMs: number): Turn => {
  let begunMs = 0;
  let sinceMs = 0;
  let slowest = Infinity;
  const allowedMs = (bytes: number) => timeoutMs + extraMs(bytes, slowest);
  return {
    begin: () => {
      begunMs = performance.now();
      sinceMs = begunMs;
    },
    prolong: () => {
      sinceMs = performance.now();
    },
    learn: (bytes) => {
      const tookMs = performance.now() - begunMs;
      if (bytes > 0 && tookMs > 0) slowest = Math.min(slowest, (bytes / tookMs) * 1000);
    },
    isLong: (bytes) => extraMs(bytes, slowest) > 0,
    allowedMs,
    dueMs: (bytes) => sinceMs + allowedMs(bytes),
  };
};
