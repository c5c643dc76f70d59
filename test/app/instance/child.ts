import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const command = resolve(import.meta.dirname, '../../../dist/app/cli/instance.js');

const program = `import { instanceCommand } from ${JSON.stringify(command)};
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

/** Runs the built command; what still runs at the end of the test is killed. */
export const runCommand = (...args: string[]) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, '--', ...args], {
    cwd: dirname(command),
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
