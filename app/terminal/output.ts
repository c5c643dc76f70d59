import { styleText } from 'node:util';
import { standardStream } from '../../adapters/node/console.ts';
import { redacted } from '../../services/redaction.ts';
import { displayWidth, folded, padded } from './layout.ts';

/** Where a command's output goes. */
export type Output = Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };

/** Writes one line of a command's result, without secrets. */
export const print = (line: string, to: Output = process.stdout): void => void to.write(`${redacted(line)}\n`);

/** Writes one line of a result for people: on a terminal it is broken between words. */
export const printText = (line: string, to: Output = process.stdout): void => print(wrapped(line, to, 2), to);

/** Writes one line about progress or a failure to standard error, apart from the result. */
export const printStatus = (line: string): void =>
  standardStream('stderr').print(line, (text) => printText(text, process.stderr));

/** Writes an event or a failure as one line of JSON to standard error. */
export const printStatusJson = (data: object): void =>
  standardStream('stderr').print(JSON.stringify(data), (text) => print(text, process.stderr));

/** Styles of {@link Paint}. */
export type Tone = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/** Colours a text, or returns it as it is where colours would not show. */
export type Paint = (tone: Tone, text: string) => string;

/** Whether `FORCE_COLOR` asks for colours, as Node understands it; `undefined` if it is not set. */
const forced = ({ FORCE_COLOR: force }: NodeJS.ProcessEnv): boolean | undefined =>
  force === undefined ? undefined : ['', '1', '2', '3', 'true'].includes(force);

/** Whether a terminal may be sent more than text. @see https://no-color.org */
export const isAnsi = (to: Output, env: NodeJS.ProcessEnv): boolean =>
  to.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

/**
 * Creates a {@link Paint} that colours on a terminal only, and never where `NO_COLOR` is set; `FORCE_COLOR` decides before
 * both.
 */
export const painter = (to: Output, env: NodeJS.ProcessEnv = process.env): Paint => {
  const isColoured = forced(env) ?? isAnsi(to, env);
  return (tone, text) => (isColoured ? styleText(tone, text, { validateStream: false }) : text);
};

/** Columns of a terminal; 80 elsewhere. */
export const widthOf = ({ isTTY, columns: width }: Output): number => (isTTY === true && width ? width : 80);

/**
 * Aligns rows in columns, two spaces apart; the last column is not padded. On a terminal a row that is too long goes on
 * below its last column.
 */
export const columns = (rows: readonly (readonly string[])[], to: Output = process.stdout): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => displayWidth(row[column] ?? ''))));
  const last = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  return rows.map((row) => {
    const line = row.map((cell, column) => padded(cell, widths[column] ?? 0)).join('  ');
    return wrapped(line.trimEnd(), to, last);
  });
};

/**
 * Breaks a text between words where a terminal would break it anywhere; elsewhere it stays as it is.
 *
 * @param indent Spaces before the second line and those after it.
 */
export const wrapped = (text: string, to: Output, indent: number): string =>
  to.isTTY === true ? folded(text, widthOf(to), indent).join('\n') : text;
