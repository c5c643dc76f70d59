import { styleText } from 'node:util';

/** Where a command's output goes. */
export type Output = Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean };

/** Writes one line of a command's result. */
export const print = (line: string, to: Output = process.stdout): void => void to.write(`${line}\n`);

/** Writes one line about how things go, beside the result. */
export const tell = (line: string): void => print(line, process.stderr);

/** How a text may be set off. */
export type Tone = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/** Sets a text off where the reader can see it. */
export type Paint = (tone: Tone, text: string) => string;

/** Paints on a terminal alone, and not where `NO_COLOR` asks for plain text. @see https://no-color.org */
export const painter = (to: Output, env: NodeJS.ProcessEnv = process.env): Paint => {
  const isColoured = to.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return (tone, text) => (isColoured ? styleText(tone, text, { validateStream: false }) : text);
};

/** Sets rows out in columns, two spaces apart; the last column keeps its length. */
export const columns = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};
