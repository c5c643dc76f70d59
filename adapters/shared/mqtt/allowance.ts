/** The slowest line that is waited for, bytes a second. */
const slowestRate = 250;
/** Line time that the ordinary time limit covers, milliseconds. */
const coveredMs = 1000;

/** The rate to reckon with, by the slowest one seen; infinite while none was. */
const rateOf = (seen: number): number => (Number.isFinite(seen) ? Math.max(seen, slowestRate) : slowestRate);

/**
 * Extra time for a message that the line may take long for, milliseconds; 0 for small ones, so that a dead link is
 * noticed as soon as ever while only these are sent.
 *
 * @param rate The slowest rate seen on the link, bytes a second; infinite while none was seen. A link that has shown
 * none gets the time of the slowest line.
 */
export const extraMs = (bytes: number, rate: number): number => {
  const neededMs = (bytes / rateOf(rate)) * 1000;
  return neededMs > coveredMs ? neededMs : 0;
};

/** The time of what is to be acknowledged next. */
export interface Turn {
  /** All before it has been acknowledged. */
  begin(): void;
  /** The line has moved: its time counts anew, unless the broker is known to have had it. */
  prolong(): void;
  /** Its time counts anew in any case. */
  restart(): void;
  /** The broker has answered what came after it, so that the line has carried it: nothing prolongs its time any more. */
  conclude(): void;
  /** How long it has lasted. */
  tookMs(): number;
  /** So many bytes were acknowledged in this turn. */
  learn(bytes: number): void;
  /** Whether the line may need long for so many bytes. */
  isLong(bytes: number): boolean;
  allowedMs(bytes: number): number;
  /** When its time is over. */
  dueMs(bytes: number): number;
  /** Bytes that nothing acknowledges were written. */
  add(bytes: number): void;
  /** Of these, what the slowest line may still have. */
  left(): number;
  /** They count with what was written after them from now on. @returns How many are left. */
  take(): number;
}

/** Times turns, and notes the slowest rate that they show. */
export const createTurn = (timeoutMs: number): Turn => {
  let begunMs = 0;
  let sinceMs = 0;
  let slowest = Infinity;
  let isCarried = false;
  let added = 0;
  let addedMs = 0;
  const isLong = (bytes: number) => extraMs(bytes, slowest) > 0;
  const allowedMs = (bytes: number) => timeoutMs + (isCarried ? 0 : extraMs(bytes, slowest));
  const restart = () => {
    sinceMs = performance.now();
  };
  const tookMs = () => performance.now() - begunMs;
  const left = () => Math.max(0, added - (rateOf(slowest) * (performance.now() - addedMs)) / 1000);
  const setAdded = (bytes: number) => {
    added = bytes;
    addedMs = performance.now();
  };
  return {
    begin: () => {
      restart();
      begunMs = sinceMs;
      isCarried = false;
    },
    prolong: () => {
      if (!isCarried) restart();
    },
    restart,
    conclude: () => {
      if (isCarried) return;
      isCarried = true;
      restart();
    },
    tookMs,
    learn: (bytes) => {
      if (bytes > 0 && tookMs() > 0 && !isCarried) slowest = Math.min(slowest, (bytes / tookMs()) * 1000);
    },
    isLong,
    allowedMs,
    dueMs: (bytes) => sinceMs + allowedMs(bytes),
    add: (bytes) => setAdded(left() + bytes),
    left,
    take: () => {
      const taken = left();
      setAdded(0);
      return taken;
    },
  };
};
