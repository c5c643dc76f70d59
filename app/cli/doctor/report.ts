import { oneLine } from '../../../adapters/shared/log/log-lines.ts';
import { counted } from '../../terminal/counted.ts';
import { painter, print, wrapped, type Tone } from '../../terminal/output.ts';
import type { Finding, Result } from './finding.ts';

/** Results by how much they matter. */
const results: readonly Result[] = ['failed', 'warning', 'ok', 'skipped'];
const tones: Readonly<Record<Result, Tone>> = { failed: 'red', warning: 'yellow', ok: 'green', skipped: 'dim' };

/** What was found, failures first; the first of these is the cause of those after it, if any is. */
export const inOrder = (findings: readonly Finding[]): Finding[] =>
  results.flatMap((result) => findings.filter((finding) => finding.result === result));

export const countOf = (findings: readonly Finding[], result: Result): number =>
  findings.filter((finding) => finding.result === result).length;

const verdictOf = (findings: readonly Finding[]): string => {
  const problems = countOf(findings, 'failed');
  const warnings = countOf(findings, 'warning');
  const verdict = problems === 0 ? 'The unit is well' : counted(problems, 'problem');
  return warnings === 0 ? verdict : `${verdict}, ${counted(warnings, 'warning')}`;
};

const widthOf = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length));

/** Prints the verdict, then the findings: the problems first, each with its remedy below it. */
export const printReport = (findings: readonly Finding[]): void => {
  const paint = painter(process.stdout);
  const resultWidth = widthOf(results);
  const checkWidth = widthOf(findings.map(({ check }) => check));
  print(paint(countOf(findings, 'failed') === 0 ? 'green' : 'red', verdictOf(findings)));
  print('');
  const indent = resultWidth + checkWidth + 4;
  const printLine = (line: string) => print(wrapped(line, process.stdout, indent));
  for (const { check, result, detail, remedy } of inOrder(findings)) {
    const head = `${paint(tones[result], result.padEnd(resultWidth))}  ${check.padEnd(checkWidth)}`;
    printLine(`${head}  ${oneLine(detail)}`);
    if (remedy !== null) printLine(`${' '.repeat(indent)}${oneLine(remedy)}`);
  }
};
