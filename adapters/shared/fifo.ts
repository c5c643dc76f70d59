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

export const createFifo = <T>(isGone: (item: T) => boolean): Fifo<T> => {
  let items: T[] = [];
  let head = 0;
  const sweep = () => {
    items = items.slice(head).filter((item) => !isGone(item));
    head = 0;
  };
  const fifo = {
    size: 0,
    push: (item: T) => {
      items.push(item);
      fifo.size += 1;
    },
    unshift: (earlier: readonly T[]) => {
      sweep();
      items = earlier.concat(items);
      fifo.size += earlier.length;
    },
    lost: () => {
      fifo.size -= 1;
      for (let first = items[head]; first !== undefined && isGone(first); first = items[head]) head += 1;
      if (items.length > 2 * fifo.size + fewGone) sweep();
    },
    find: (fits: (item: T) => boolean) => {
      for (let at = head; at < items.length; at += 1) {
        const item = items[at] as T;
        if (!isGone(item) && fits(item)) return item;
      }
      return undefined;
    },
    items: () => {
      sweep();
      return items;
    },
  };
  return fifo;
};
