import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { MachineFacts } from './machine.ts';
import { cells, columns, conditionLines, missedLines, shortCells, shortColumns, type Report } from './report.ts';

const begin = '<!-- npm run bench -- --readme -->';
const end = '<!-- end of bench -->';

/** Where tables stand: the rows with a target, and all of them. */
const places = { short: 'README.md', whole: 'docs/benchmark.md' } as const;

type Place = keyof typeof places;

const pathOf = (place: Place): string => join(import.meta.dirname, '../..', places[place]);

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [heads, heads.map(() => '---'), ...rows].map((texts) => `| ${texts.join(' | ')} |`);

/** Says so where the machine had more to do than its cores can. */
const busyText = ({ load: [load = 0], cores }: MachineFacts): string =>
  load > cores
    ? ' The machine was busy with other work: take the rates as rough, and the CPU for what a unit costs.'
    : '';

const measuredText = (report: Report): string =>
  `Measured on ${report.machine.date}: ${conditionLines(report).join('; ')}.${busyText(report.machine)}`;

/** The tables, and what was missed, as lines of Markdown. */
const markdown: Readonly<Record<Place, (report: Report) => string[]>> = {
  short: (report) => {
    const { results } = report;
    const missed = missedLines(results);
    return [
      measuredText(report),
      '',
      ...table(shortColumns, results.filter(({ targets }) => targets.length > 0).map(shortCells)),
      '',
      ...(missed.length === 0 ? ['Every target is met.'] : ['Missed, what limits it, and what it would take:', '']),
      ...missed.map((line) => `- ${line}`),
    ];
  },
  whole: (report) => [measuredText(report), '', ...table(columns, report.results.map(cells))],
};

/** Splits a document into what is before, in and after the place of its table. @throws {Error} It has no such place. */
const split = (text: string, place: Place): readonly [before: string, part: string, after: string] => {
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (from < begin.length || to < from)
    throw new Error(`${places[place]} has no place for the table: ${begin} … ${end}`);
  return [text.slice(0, from), text.slice(from, to), text.slice(to)];
};

/** Reads what `npm run bench -- --readme` has written into a document. */
export const readTables = async (place: Place): Promise<string> =>
  split(await readFile(pathOf(place), 'utf8'), place)[1];

const write = async (place: Place, report: Report): Promise<void> => {
  const path = pathOf(place);
  const [before, , after] = split(await readFile(path, 'utf8'), place);
  const changed = `${before}\n\n${markdown[place](report).join('\n')}\n\n${after}`;
  await writeFile(path, await format(changed, { ...(await resolveConfig(path)), filepath: path }));
};

/** Puts the tables into the README and into docs/benchmark.md. */
export const writeTables = async (report: Report): Promise<void> => {
  await write('short', report);
  await write('whole', report);
};
