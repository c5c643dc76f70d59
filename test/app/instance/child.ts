import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { compiled, type Compiled } from '../../support/compiled.ts';

/** The command, compiled for processes of its own. */
export type CompiledCommand = Compiled;

export const compileCommand = (): Promise<CompiledCommand> =>
  compiled(new URL('../../../app/cli/instance.ts', import.meta.url));

const program = (path: string) =>
  `import { instanceCommand } from ${JSON.stringify(path)};
   process.exitCode = await instanceCommand(process.argv.slice(1)).catch((error) => {
     console.error(error.name, error.message);
     return 2;
   });`;

/** What `--json` prints. */
export interface Printed {
  readonly httpUrl: string;
  readonly apiUrl: string;
  readonly mqttUrl: string;
  readonly webSocketUrl: string;
  readonly domain: string;
  readonly operatorToken: string;
}

/** Runs the command; what still runs at the end of the test is killed. */
export const runCommand = ({ path }: CompiledCommand, ...args: string[]) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(path), '--', ...args], {
    cwd: dirname(path),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  createInterface(child.stderr).on('line', (line) => errors.push(line));
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, lines, errors, ended };
};
