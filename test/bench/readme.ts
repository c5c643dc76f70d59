import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { MachineFacts } from './machine.ts';
import { cells, columns, conditionLines, missedLines, type Report } from './report.ts';

const begin = '<!-- npm run bench -- --readme -->';
const end = '<!-- end of bench -->';
const path = join(import.meta.dirname, '../../README.md');

const row = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;

/** Says so where the machine had more to do than its cores can. */
const busyText = ({ load: [load = 0], cores }: MachineFacts): string =>
  load > cores
    ? ' The machine was busy with other work: take the rates as rough, and the CPU for what a unit costs.'
    : '';

/** The table and what was missed, as Markdown. */
const markdownOf = (report: Report): string => {
  const { machine, results } = report;
  const missed = missedLines(results);
  return [
    `Measured on ${machine.date}: ${conditionLines(report).join('; ')}.${busyText(machine)}`,
    '',
    row(columns),
    row(columns.map(() => '---')),
    ...results.map((result) => row(cells(result))),
    '',
    ...(missed.length === 0 ? ['Every target is met.'] : ['Missed, what limits it, and what it would take:', '']),
    ...missed.map((line) => `- ${line}`),
  ].join('\n');
};

/** Splits a README into what is before, in and after the place of the table. @throws {Error} It has no such place. */
const split = (readme: string): readonly [before: string, part: string, after: string] => {
  const [from, to] = [readme.indexOf(begin) + begin.length, readme.indexOf(end)];
  if (from < begin.length || to < from) throw new Error(`README.md has no place for the table: ${begin} … ${end}`);
  return [readme.slice(0, from), readme.slice(from, to), readme.slice(to)];
};

/** Reads what `npm run bench -- --readme` has written into README.md. */
export const readReadme = async (): Promise<string> => split(await readFile(path, 'utf8'))[1];

/** Puts the table into README.md. */
export const writeReadme = async (report: Report): Promise<void> => {
  const [before, , after] = split(await readFile(path, 'utf8'));
  const changed = `${before}\n\n${markdownOf(report)}\n\n${after}`;
  await writeFile(path, await format(changed, { ...(await resolveConfig(path)), filepath: path }));
};
