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

/** The time of what is to be acknowledged next, and the slowest rate that these times have shown. */
export class Turn {
  readonly #timeoutMs: number;
  #begunMs = 0;
  #sinceMs = 0;
  #slowest = Infinity;
  #isCarried = false;
  /** Bytes that nothing acknowledges, and when the last of them were written. */
  #added = 0;
  #addedMs = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** All before it has been acknowledged. @param bytes How many were, in the turn that ends; 0 if none. */
  begin(bytes: number): void {
    const nowMs = performance.now();
    const tookMs = nowMs - this.#begunMs;
    if (bytes > 0 && tookMs > 0 && !this.#isCarried) this.#slowest = Math.min(this.#slowest, (bytes / tookMs) * 1000);
    this.#sinceMs = nowMs;
    this.#begunMs = nowMs;
    this.#isCarried = false;
  }

  /** The line has moved: its time counts anew, unless the broker is known to have had it. */
  prolong(): void {
    if (!this.#isCarried) this.restart();
  }

  /** Its time counts anew in any case. */
  restart(): void {
    this.#sinceMs = performance.now();
  }

  /** The broker has answered what came after it, so that the line has carried it: nothing prolongs its time any more. */
  conclude(): void {
    if (this.#isCarried) return;
    this.#isCarried = true;
    this.restart();
  }

  /** How long it has lasted. */
  tookMs(): number {
    return performance.now() - this.#begunMs;
  }

  /** Whether the line may need long for so many bytes. */
  isLong(bytes: number): boolean {
    return extraMs(bytes, this.#slowest) > 0;
  }

  allowedMs(bytes: number): number {
    return this.#timeoutMs + (this.#isCarried ? 0 : extraMs(bytes, this.#slowest));
  }

  /** When its time is over. */
  dueMs(bytes: number): number {
    return this.#sinceMs + this.allowedMs(bytes);
  }

  /** Bytes that nothing acknowledges were written. */
  add(bytes: number): void {
    this.#added = this.left() + bytes;
    this.#addedMs = performance.now();
  }

  /** Of these, what the slowest line may still have. */
  left(): number {
    if (this.#added === 0) return 0;
    return Math.max(0, this.#added - (rateOf(this.#slowest) * (performance.now() - this.#addedMs)) / 1000);
  }

  /** They count with what was written after them from now on. @returns How many are left. */
  take(): number {
    const taken = this.left();
    this.#added = 0;
    return taken;
  }
}
