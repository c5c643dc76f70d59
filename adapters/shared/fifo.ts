/** Slots of a queue that has little in it, and the most that an empty one keeps; powers of two. */
const slots = { few: 4, many: 1024 };
/** Removed items that are tolerated before a cleanup. */
const fewGone = 32;

/** Slots that are free. */
export const freeSlots = <T>(count: number): (T | undefined)[] => Array.from({ length: count });

/** A queue in a ring of slots, with lazy removal: removed items are skipped, and cleaned up in passing. */
export class Fifo<T> {
  readonly #isGone: (item: T) => boolean;
  #slots: (T | undefined)[] = freeSlots(slots.few);
  /** The slot of the oldest item, and how many are taken from there on. */
  #head = 0;
  #taken = 0;
  #size = 0;

  /** Creates an empty queue. @param isGone Whether an item was removed. */
  constructor(isGone: (item: T) => boolean) {
    this.#isGone = isGone;
  }

  /** How many items remain. */
  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    if (this.#taken === this.#slots.length) this.#keep(this.items());
    this.#slots[this.#slotOf(this.#taken)] = item;
    this.#taken += 1;
    this.#size += 1;
  }

  /** Puts items in front. */
  unshift(earlier: readonly T[]): void {
    this.#keep([...earlier, ...this.items()]);
  }

  /** Call it when an item was removed; `isGone` finds out which. */
  lost(): void {
    this.#size -= 1;
    for (let oldest = this.#at(0); oldest !== undefined && this.#isGone(oldest); oldest = this.#at(0)) {
      this.#slots[this.#head] = undefined;
      this.#head = this.#slotOf(1);
      this.#taken -= 1;
    }
    const isLarge = this.#taken === 0 && this.#slots.length > slots.many;
    if (isLarge || this.#taken > 2 * this.#size + fewGone) this.#keep(this.items());
  }

  /** The oldest remaining item that fits. */
  find(fits: (item: T) => boolean): T | undefined {
    for (let index = 0; index < this.#taken; index += 1) {
      const item = this.#at(index) as T;
      if (!this.#isGone(item) && fits(item)) return item;
    }
    return undefined;
  }

  /** Remaining items, oldest first. */
  items(): readonly T[] {
    const items: T[] = [];
    for (let index = 0; index < this.#taken; index += 1) {
      const item = this.#at(index) as T;
      if (!this.#isGone(item)) items.push(item);
    }
    return items;
  }

  #slotOf(index: number): number {
    return (this.#head + index) & (this.#slots.length - 1);
  }

  /** The item of this index; `undefined` behind the last one. */
  #at(index: number): T | undefined {
    return this.#slots[this.#slotOf(index)];
  }

  /** Keeps these items, in a ring with room for as many again. */
  #keep(items: readonly T[]): void {
    this.#slots = freeSlots(Math.max(slots.few, 2 ** Math.ceil(Math.log2(2 * items.length))));
    for (const [index, item] of items.entries()) this.#slots[index] = item;
    this.#head = 0;
    this.#taken = items.length;
    this.#size = items.length;
  }
}
