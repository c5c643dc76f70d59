import { existsSync, writeFileSync } from 'node:fs';
import { nodeProcessControl, type Execve } from '../../../adapters/node/process/restart.ts';

/**
 * Beats, and then does one step at each start.
 *
 * Arguments: a path of its own, and the steps separated by commas: `block:MS` holds the event loop, `block:go` until
 * there is a file `PATH-go`, `calm:MS` waits, `rest` ends the beats, `restart` asks for a restart, `end` ends.
 */
const [path = '', ...steps] = process.argv.slice(2);
let start = 0;
while (existsSync(`${path}-${start}`)) start += 1;
writeFileSync(`${path}-${start}`, '');

const { beat, hangs, restart } = nodeProcessControl({ folder: '.', execve: null });
const say = (said: object) => process.stdout.write(`${JSON.stringify({ start, ...said })}\n`);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
process.on('SIGTERM', () => process.exit(0));

const { execve } = process as { execve?: Execve };
let end: (() => void) | undefined;
say({ said: 'started', hangs });
for (const step of (steps[start] ?? 'end').split(',')) {
  const [what, ms = '0'] = step.split(':');
  if (what === 'beat') end = beat?.();
  if (what === 'rest') end?.();
  if (what === 'calm') await wait(Number(ms));
  if (step === 'block:go') while (!existsSync(`${path}-go`));
  else if (what === 'block') for (const until = performance.now() + Number(ms); performance.now() < until;);
  if (what === 'exec') execve?.(process.execPath, [process.execPath, ...process.argv.slice(1)], process.env);
  if (what === 'restart') await restart('restart_exec');
  if (what === 'end') process.exit(0);
  say({ said: step });
}
