import type { Clock } from '../../services/clock.ts';

/** What a unit has to say of itself. */
export interface Remark {
  readonly text: string;
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
  /** The newest that was counted. */
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
    this.#newestMs = this.#clock.monotonic();
    if (this.#said < mostAsIs) {
      this.#said += 1;
      return this.#write(remark);
    }
    this.#newest = remark;
    this.#counted += 1;
    this.#timer ??= this.#clock.setTimeout(() => this.tell(), Math.max(0, this.#dueMs - this.#newestMs));
  }

  /** Says what was counted. */
  tell(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const newest = this.#newest;
    if (!newest) return;
    const text = `${newest.text} (${this.#counted} more ${this.#counted === 1 ? 'time' : 'times'})`;
    this.#newest = undefined;
    this.#counted = 0;
    this.#countMs = Math.min(2 * this.#countMs, longestCountMs);
    this.#dueMs = this.#clock.monotonic() + this.#countMs;
    this.#write({ ...newest, text });
  }

  isOver(): boolean {
    return this.#clock.monotonic() - this.#newestMs >= quietMs;
  }
}

/**
 * Counts what is said again and again, in place of saying it: each remark is said twice, and what follows is told as a count
 * after a minute, then after two more, four more, and at last once an hour.
 */
export class Repeats<TRemark extends Remark> {
  readonly #clock: Clock;
  readonly #write: (remark: TRemark) => void;
  /** By text, those that began first come first. */
  readonly #kinds = new Map<string, Kind<TRemark>>();
  #isStopped = false;

  /** @param write Writes a remark to the log. It may cause remarks itself; they are counted too. */
  constructor(clock: Clock, write: (remark: TRemark) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Says a remark, or counts it. Texts that differ in their numbers alone are the same. */
  say(remark: TRemark): void {
    if (this.#isStopped) this.#write(remark);
    else this.#kindOf(remark).say(remark);
  }

  /** Says what was counted so far. */
  tellCounted(): void {
    for (const kind of this.#kinds.values()) kind.tell();
  }

  /** Says what was counted, and leaves no timer; what is said later is said at once. */
  stop(): void {
    this.#isStopped = true;
    this.tellCounted();
    this.#kinds.clear();
  }

  /** Counts again after a stop. */
  start(): void {
    this.#isStopped = false;
  }

  #kindOf({ text }: TRemark): Kind<TRemark> {
    // Joined, a key is one text of its own; replaced, V8 would keep the whole remark for its parts.
    const key = text.split(/\d+/).join('#');
    if (this.#kinds.get(key)?.isOver() === true) this.#forget(key);
    const known = this.#kinds.get(key);
    if (known) return known;
    const [oldest] = this.#kinds.keys();
    if (oldest !== undefined && this.#kinds.size >= maxKinds) this.#forget(oldest);
    const kind = new Kind(this.#clock, this.#write);
    this.#kinds.set(key, kind);
    return kind;
  }

  #forget(key: string): void {
    const kind = this.#kinds.get(key);
    this.#kinds.delete(key);
    kind?.tell();
  }
}
