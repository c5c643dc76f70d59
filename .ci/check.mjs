/** Runs every check, a line for each, and stops at the first that fails. */
import { spawnSync } from 'node:child_process';

const say = (text) => process.stdout.write(`${text}\n`);

const steps = [
  ['lint', 'npm run --silent lint'],
  ['types', 'npm run --silent types'],
  ['imports', 'npm run --silent imports'],
  ['unused', 'npm run --silent unused'],
  ['build', 'npm run --silent build'],
  ['tests', 'node node_modules/vitest/vitest.mjs run --reporter=dot'],
  ['package', 'npm run --silent package'],
];

for (const [name, command] of steps) {
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(command, { shell: true, encoding: 'utf8', maxBuffer: 256 * 1024 ** 2 });
  const seconds = Math.round((performance.now() - begun) / 1000);
  say(`${name.padEnd(8)} ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
  if (status !== 0) {
    say(`\n${stdout}${stderr}\ncheck failed at: ${name}`);
    process.exitCode = 1;
    break;
  }
}
