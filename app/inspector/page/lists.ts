import type { Row, RowKind } from '../replay/rows.ts';
import type { Source } from '../replay/source.ts';

/** Most rows that a search gives. */
const maxFound = 2_000;

/** Numbers of rows before a number, newest first, as far as they are of a kind and pass a check. */
export const rowsBefore = (
  { rows }: Source,
  end: number,
  kinds: readonly RowKind[],
  passes: (row: Row) => boolean = () => true,
  isPlain = false,
): number[] => {
  const found: number[] = [];
  for (let number = end - 1; number >= rows.first && found.length < maxFound; number -= 1) {
    if (kinds.includes(rows.kindOf(number)) && (isPlain || passes(rows.row(number)))) found.push(number);
  }
  return found;
};

/** Numbers of rows, of a list in their order, that stand before a number; newest first. */
export const listedBefore = (
  numbers: readonly number[],
  end: number,
  passes: (number: number) => boolean = () => true,
): number[] => {
  const found: number[] = [];
  for (let index = numbers.length - 1; index >= 0 && found.length < maxFound; index -= 1) {
    const number = numbers[index] ?? 0;
    if (number < end && passes(number)) found.push(number);
  }
  return found;
};
