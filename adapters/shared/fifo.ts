/** A queue with lazy removal: removed items are skipped, and cleaned up in passing. */
export interface Fifo<T> {
  push(item: T): void;
  /** Puts items in front. */
  unshift(items: readonly T[]): void;
  /** Call it when an item was removed; `isGone` finds out which. */
  lost(): void;
  /** The oldest remaining item that fits. */
  find(fits: (item: T) => boolean): T | undefined;
  /** Remaining items, oldest first. */
  items(): readonly T[];
  readonly size: number;
}

/** Removed items that are tolerated before a cleanup. */
const fewGone = 32;

class LazyFifo<T> implements Fifo<T> {
  readonly #isGone: (item: T) => boolean;
  #items: T[] = [];
  #head = 0;
  size = 0;

  constructor(isGone: (item: T) => boolean) {
    this.#isGone = isGone;
  }

  push(item: T): void {
    this.#items.push(item);
    this.size += 1;
  }

  unshift(earlier: readonly T[]): void {
    this.#items = earlier.concat(this.items());
    this.size += earlier.length;
  }

  lost(): void {
    this.size -= 1;
    for (let first = this.#items[this.#head]; first !== undefined && this.#isGone(first);) {
      this.#head += 1;
      first = this.#items[this.#head];
    }
    if (this.#items.length > 2 * this.size + fewGone) this.#sweep();
  }

  find(fits: (item: T) => boolean): T | undefined {
    for (let at = this.#head; at < this.#items.length; at += 1) {
      const item = this.#items[at] as T;
      if (!this.#isGone(item) && fits(item)) return item;
    }
    return undefined;
  }

  items(): readonly T[] {
    this.#sweep();
    return this.#items;
  }

  #sweep(): void {
    this.#items = this.#items.slice(this.#head).filter((item) => !this.#isGone(item));
    this.#head = 0;
  }
}

/** Creates an empty queue. @param isGone Whether an item was removed. */
export const createFifo = <T>(isGone: (item: T) => boolean): Fifo<T> => new LazyFifo(isGone);
