import { spreadOf, type Spread } from './spread.ts';
import type { Pair } from './subject.ts';

/** What a row is measured against: the least or the most that its number may be. */
export interface Target {
  readonly of: 'ratio' | 'cpuRatio' | 'unit' | 'difference';
  readonly is: 'least' | 'most';
  readonly value: number;
}

/** A row as the table shows it. */
export interface RowHead {
  /** Name on the command line. */
  readonly id: string;
  readonly title: string;
  /** What its numbers are. @defaultValue messages a second */
  readonly measure?: string;
  readonly targets?: readonly Target[];
  /** What limits the row and what it would take, told where a target is missed. */
  readonly limit?: string;
}

/** A measured row. */
export interface RowResult extends Omit<RowHead, 'targets'> {
  /** Bare mqtt.js; nothing where there is no counterpart. */
  readonly bare?: Spread;
  readonly unit: Spread;
  /** Unit against bare mqtt.js, pair by pair. */
  readonly ratio?: Spread;
  /** What a unit takes more than bare mqtt.js, pair by pair. */
  readonly difference?: Spread;
  /** CPU of a message, all threads of the client's process, microseconds. */
  readonly cpu?: { readonly bare: Spread; readonly unit: Spread; readonly ratio: Spread };
  /** The peer's own rate, and whether it is less than twice that of the faster client. */
  readonly peer?: { readonly language: string; readonly ceiling: number | undefined; readonly isLimit: boolean };
  readonly targets: readonly (Target & { readonly isMet: boolean })[];
}

type Measured = Omit<RowResult, keyof RowHead>;

const medianOf = (measured: Measured, { of }: Target): number => {
  const spread = of === 'cpuRatio' ? measured.cpu?.ratio : measured[of];
  return spread?.median ?? NaN;
};

/** Judges what was measured by the targets of its row. */
export const judged = ({ id, title, measure, limit, targets = [] }: RowHead, measured: Measured): RowResult => ({
  ...measured,
  id,
  title,
  ...(measure !== undefined && { measure }),
  ...(limit !== undefined && { limit }),
  targets: targets.map((target) => {
    const median = medianOf(measured, target);
    return { ...target, isMet: target.is === 'least' ? median >= target.value : median <= target.value };
  }),
});

/** The numbers of both clients, and how they compare pair by pair. */
export const compared = (
  pairs: readonly Pair<number>[],
): Required<Pick<RowResult, 'bare' | 'unit' | 'ratio' | 'difference'>> => ({
  bare: spreadOf(pairs.map(({ bare }) => bare)),
  unit: spreadOf(pairs.map(({ unit }) => unit)),
  ratio: spreadOf(pairs.map(({ bare, unit }) => unit / bare)),
  difference: spreadOf(pairs.map(({ bare, unit }) => unit - bare)),
});
