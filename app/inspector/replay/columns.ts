/** Numbers in one typed array, which grows at its end and is cut at its start. */
export interface Column {
  readonly length: number;
  push(value: number): void;
  /** The number at an index; `NaN` outside. */
  at(index: number): number;
  /** How many of the numbers, which only grow, are at most `limit`. */
  countTo(limit: number): number;
  /** Drops the first `count` numbers. */
  drop(count: number): void;
}

/** First of the numbers from `low` to before `high` that no longer is so; those before it all are. */
export const countTo = (low: number, high: number, isSo: (number: number) => boolean): number => {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (isSo(middle)) from = middle + 1;
    else to = middle;
  }
  return from;
};

type Numbers = Float64Array | Uint32Array;

const minRoom = 16;

/** Creates a column of doubles (`Float64Array`) or of whole numbers from 0 (`Uint32Array`). */
export const createColumn = (Type: new (length: number) => Numbers): Column => {
  let values = new Type(minRoom);
  let length = 0;
  const withRoom = (room: number): Numbers => {
    const next = new Type(room);
    next.set(values.subarray(0, length));
    return next;
  };
  return {
    get length() {
      return length;
    },
    push: (value) => {
      if (length === values.length) values = withRoom(length * 2);
      values[length] = value;
      length += 1;
    },
    at: (index) => (index < length ? values[index] : undefined) ?? Number.NaN,
    countTo: (limit) => countTo(0, length, (index) => (values[index] ?? 0) <= limit),
    drop: (count) => {
      values.copyWithin(0, count, length);
      length -= Math.min(count, length);
      if (length * 4 < values.length) values = withRoom(Math.max(minRoom, length * 2));
    },
  };
};

/** Texts by number, each kept once; number 0 is the empty text. */
export interface Names {
  numberOf(text: string): number;
  textOf(number: number): string;
}

/** Most different texts; a unit that names more has its further ones shown as one. */
const maxNames = 50_000;

export const createNames = (): Names => {
  const texts = [''];
  const numbers = new Map([['', 0]]);
  return {
    numberOf: (text) => {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      if (texts.length === maxNames) return 0;
      numbers.set(text, texts.length);
      return texts.push(text) - 1;
    },
    textOf: (number) => texts[number] ?? '',
  };
};
