import type { Clock } from '../../services/clock.ts';

/** What a unit has to say of itself. */
export interface Remark {
  readonly text: string;
}

/** Counts what is said again and again, in place of saying it. */
export interface Repeats<TRemark extends Remark> {
  /** Says a remark, or counts it. Texts that differ in their numbers alone are the same. */
  say(remark: TRemark): void;
  /** Says what was counted so far. */
  tellCounted(): void;
  /** Says what was counted, and leaves no timer; what is said later is said at once. */
  stop(): void;
  /** Counts again after a stop. */
  start(): void;
}

/** How long what repeats is counted before it is told, milliseconds; then twice as long each time that it goes on. */
const firstCountMs = 60_000;
const longestCountMs = 3_600_000;
/** How often a remark is said as it is. */
const mostAsIs = 2;
/** A remark that was not heard for so long, milliseconds, is a new one. */
const quietMs = 900_000;
/** Kinds of remarks that are known at a time. */
const maxKinds = 256;

/** The remarks that are the same but for their numbers. */
class Kind<TRemark extends Remark> {
  readonly #clock: Clock;
  readonly #write: (remark: TRemark) => void;
  #newest: TRemark | undefined;
  #newestMs: number;
  #countMs = firstCountMs;
  #dueMs: number;
  #said = 0;
  #counted = 0;
  #timer: unknown;

  constructor(clock: Clock, write: (remark: TRemark) => void) {
    this.#clock = clock;
    this.#write = write;
    this.#newestMs = clock.monotonic();
    this.#dueMs = this.#newestMs + firstCountMs;
  }

  say(remark: TRemark): void {
    this.#newest = remark;
    this.#newestMs = this.#clock.monotonic();
    if (this.#said < mostAsIs) {
      this.#said += 1;
      return this.#write(remark);
    }
    this.#counted += 1;
    this.#timer ??= this.#clock.setTimeout(() => this.tell(), Math.max(0, this.#dueMs - this.#newestMs));
  }

  /** Says what was counted. */
  tell(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#newest || this.#counted === 0) return;
    const text = `${this.#newest.text} (${this.#counted} more ${this.#counted === 1 ? 'time' : 'times'})`;
    this.#counted = 0;
    this.#countMs = Math.min(2 * this.#countMs, longestCountMs);
    this.#dueMs = this.#clock.monotonic() + this.#countMs;
    this.#write({ ...this.#newest, text });
  }

  isOver(): boolean {
    return this.#clock.monotonic() - this.#newestMs >= quietMs;
  }
}

/**
 * Creates the counter of repeated remarks: each one is said twice, and what follows is told as a count after a minute,
 * then after two more, four more, and at last once an hour.
 *
 * @param write Writes a remark to the log. It may cause remarks itself; they are counted too.
 */
export const createRepeats = <TRemark extends Remark>(
  clock: Clock,
  write: (remark: TRemark) => void,
): Repeats<TRemark> => {
  /** By text, those that began first come first. */
  const kinds = new Map<string, Kind<TRemark>>();
  let isStopped = false;

  const forget = (key: string) => {
    const kind = kinds.get(key);
    kinds.delete(key);
    kind?.tell();
  };
  const kindOf = ({ text }: TRemark) => {
    const key = text.replaceAll(/\d+/g, '#');
    if (kinds.get(key)?.isOver() === true) forget(key);
    const known = kinds.get(key);
    if (known) return known;
    const [oldest] = kinds.keys();
    if (oldest !== undefined && kinds.size >= maxKinds) forget(oldest);
    const kind = new Kind(clock, write);
    kinds.set(key, kind);
    return kind;
  };
  const tellCounted = () => {
    for (const kind of kinds.values()) kind.tell();
  };

  return {
    say: (remark) => (isStopped ? write(remark) : kindOf(remark).say(remark)),
    tellCounted,
    stop: () => {
      isStopped = true;
      tellCounted();
      kinds.clear();
    },
    start: () => {
      isStopped = false;
    },
  };
};
