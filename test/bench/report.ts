import type { MachineFacts } from './machine.ts';
import type { RowHead, RowResult, Target } from './result.ts';
import type { Spread } from './spread.ts';

/** How a table was measured. */
export interface Conditions {
  readonly machine: MachineFacts;
  readonly pairs: number;
  readonly protocol: number;
  readonly peer: string;
  /** More options of each unit. */
  readonly options: object;
}

/** All of a run. */
export interface Report extends Conditions {
  readonly results: readonly RowResult[];
}

/** The machine and the conditions, in lines. */
export const conditionLines = ({ machine, pairs, protocol, peer, options }: Conditions): string[] => [
  `${machine.cpu}, ${machine.cores} cores, load ${machine.load.join(' ')} at the start; ${machine.os}, units on ${machine.fileSystem}`,
  `Node ${machine.node}, mqtt.js ${machine.mqttJs}, MQTT ${protocol === 4 ? '3.1.1' : '5'}; peer in ${peer}; each client in its own process`,
  `medians (min to max) of ${pairs} pairs, taken by turns${Object.keys(options).length > 0 ? `; options ${JSON.stringify(options)}` : ''}`,
];

const amount = (number: number): string =>
  Math.abs(number) >= 100 ? Math.round(number).toLocaleString('en') : String(Number(number.toPrecision(3)));

const spreadText = ({ median, min, max }: Spread): string => `${amount(median)} (${amount(min)} to ${amount(max)})`;

const subjects: Readonly<Record<Target['of'], string>> = {
  ratio: '',
  cpuRatio: 'CPU ',
  unit: 'unit ',
  difference: 'unit ',
};

/** A target in words: `>= 4`, `unit <= +12`. */
const targetText = ({ of, is, value }: Target): string =>
  `${subjects[of]}${is === 'least' ? '>=' : '<='} ${of === 'difference' ? '+' : ''}${value}`;

/** The targets of a row in words; empty for none. */
export const targetsText = ({ targets = [] }: Pick<RowHead, 'targets'>): string => targets.map(targetText).join(', ');

/** Whether all targets are met; empty without a target. */
const verdictText = ({ targets }: RowResult): string => {
  if (targets.length === 0) return '';
  const missed = targets.filter(({ isMet }) => !isMet).map(targetText);
  return missed.length === 0 ? 'met' : `missed: ${missed.join(', ')}`;
};

/** A row's title, and what its numbers are where that is not messages a second. */
export const titleText = ({ title, measure }: Pick<RowHead, 'title' | 'measure'>): string =>
  measure === undefined ? title : `${title}, ${measure}`;

/** The heads of the columns. */
export const columns = ['', 'mqtt.js', 'unit', 'unit / mqtt.js', 'CPU, µs', 'CPU ratio', 'peer alone', 'target', ''];

/** How a unit compares: by the difference where that has a target, else by the ratio, but for what is judged by itself. */
const comparisonText = ({ ratio, difference, targets }: RowResult): string => {
  if (targets.some(({ of }) => of === 'unit')) return '';
  if (difference && targets.some(({ of }) => of === 'difference')) return `+${spreadText(difference)}`;
  return ratio ? spreadText(ratio) : '';
};

/** The cells of a row, a text for each column. */
export const cells = (result: RowResult): string[] => {
  const { bare, unit, cpu, peer } = result;
  const alone = peer?.ceiling === undefined ? '' : amount(peer.ceiling);
  return [
    titleText(result),
    bare ? amount(bare.median) : '',
    cpu ? amount(unit.median) : spreadText(unit),
    comparisonText(result),
    cpu ? `${amount(cpu.bare.median)} → ${amount(cpu.unit.median)}` : '',
    cpu ? spreadText(cpu.ratio) : '',
    peer?.isLimit ? `${alone} (the limit)`.trim() : alone,
    targetsText(result),
    verdictText(result),
  ];
};

/** The heads of the columns of the short table. */
export const shortColumns = ['', 'mqtt.js', 'unit', 'unit / mqtt.js', 'CPU of a message, µs', 'target', ''];

/** The cells of a row of the short table: medians alone. */
export const shortCells = (result: RowResult): string[] => {
  const { bare, unit, cpu, ratio, difference, targets } = result;
  const isBy = (of: Target['of']) => targets.some((target) => target.of === of);
  const compared = isBy('difference') && difference ? `+${amount(difference.median)}` : ratio && amount(ratio.median);
  return [
    titleText(result),
    bare ? amount(bare.median) : '',
    amount(unit.median),
    isBy('unit') ? '' : (compared ?? ''),
    cpu ? `${amount(cpu.bare.median)} → ${amount(cpu.unit.median)}` : '',
    targetsText(result),
    verdictText(result),
  ];
};

const widths = [50, 9, 22, 22, 14, 22, 20, 18];

/** A row as a line of text. */
export const lineText = (texts: readonly string[]): string =>
  texts
    .map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0)))
    .join('  ')
    .trimEnd();

/** What limits the rows that miss a target: a line for each limit, with the titles of its rows. */
export const missedLines = (results: readonly RowResult[]): string[] => {
  const titles = new Map<string, string[]>();
  for (const result of results.filter(({ targets }) => targets.some(({ isMet }) => !isMet))) {
    const limit = result.limit ?? 'not known yet';
    titles.set(limit, [...(titles.get(limit) ?? []), titleText(result)]);
  }
  return [...titles].map(([limit, rows]) => `${rows.join('; ')}: ${limit}`);
};
