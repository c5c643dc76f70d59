import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { cells, columns, conditionLines, missedLines, type Report } from './report.ts';

const begin = '<!-- npm run bench -- --readme -->';
const end = '<!-- end of bench -->';
const path = join(import.meta.dirname, '../../README.md');

const row = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;

/** The table and what was missed, as Markdown. */
const markdownOf = (report: Report): string => {
  const { machine, results } = report;
  const missed = missedLines(results);
  return [
    `Measured on ${machine.date}: ${conditionLines(report).join('; ')}.`,
    '',
    row(columns),
    row(columns.map(() => '---')),
    ...results.map((result) => row(cells(result))),
    '',
    ...(missed.length === 0 ? ['Every target is met.'] : ['Missed, what limits it, and what it would take:', '']),
    ...missed.map((line) => `- ${line}`),
  ].join('\n');
};

/** Finds what `npm run bench -- --readme` writes in a README. @throws {Error} The README has no such place. */
export const benchPart = (readme: string): string => {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`README.md has no place for the table: ${begin} … ${end}`);
  return readme.slice(from + begin.length, to).trim();
};

/** Puts the table into README.md. */
export const writeReadme = async (report: Report): Promise<void> => {
  const readme = await readFile(path, 'utf8');
  const changed = readme.replace(benchPart(readme), () => markdownOf(report));
  await writeFile(path, await format(changed, { ...(await resolveConfig(path)), filepath: path }));
};
