import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { recordShown } from './canary/record.ts';

const main = resolve(import.meta.dirname, '../../dist/app/cli/main.js');

/** A terminal, such as a person has. */
export interface TerminalOptions {
  readonly columns: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs the compiled `pepeunit` to its end on a terminal, which `script` of util-linux gives it. @returns All that it wrote. */
export const runOnTerminal = async (
  args: readonly string[],
  { columns, cwd, env }: TerminalOptions,
): Promise<{ code: number; shown: string }> => {
  const command = `stty cols ${columns} rows 24; exec ${[process.execPath, main, ...args].map(quoted).join(' ')}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '', FORCE_COLOR: undefined, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
  const [code] = (await once(child, 'close')) as [number];
  recordShown('output', shown);
  return { code, shown: shown.replaceAll('\r\n', '\n') };
};

/** The lines of what was shown, as they stand at the end: without colours, and without what was drawn over. */
export const linesOf = (shown: string): string[] =>
  shown
    .split('\n')
    .map((line) => stripVTControlCharacters(line.slice(line.lastIndexOf('\u001b[2K') + 1)).replace(/^\[2K/, ''));
