/** Several measurements of one thing. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @param digits Significant ones. */
export const rounded = (number: number, digits = 4): number => Number(number.toPrecision(digits));

export const spreadOf = (numbers: readonly number[]): Spread => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (index: number) => sorted[index] ?? NaN;
  return {
    median: rounded((at(Math.floor(middle)) + at(Math.ceil(middle))) / 2),
    min: rounded(at(0)),
    max: rounded(at(sorted.length - 1)),
  };
};
