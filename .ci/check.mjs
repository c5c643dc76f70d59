/** Runs every check, a line for each, and stops at the first that fails. */
import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

const steps = [
  ['lint', 'npm run --silent lint'],
  ['types', 'npm run --silent types'],
  ['imports', 'npm run --silent imports'],
  ['unused', 'npm run --silent unused'],
  ['build', 'npm run --silent build && npm run --silent declarations'],
  ['sizes', 'node --import ./test/lab/typescript.mjs test/sizes/main.ts'],
  ['tests', 'npm test --silent -- --reporter=dot'],
  ['package', 'npm run --silent package'],
];

/** How many tests passed, as the runner counts them. */
const countsIn = (output) => /^ +Tests +(.+)$/m.exec(stripVTControlCharacters(output))?.[1];

for (const [name, command] of steps) {
  process.stdout.write(`${name.padEnd(8)} `);
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(command, { shell: true, encoding: 'utf8', maxBuffer: 256 * 1024 ** 2 });
  const seconds = `${Math.round((performance.now() - begun) / 1000)} s`;
  const details = [seconds, countsIn(stdout)].filter(Boolean).join(', ');
  process.stdout.write(`${status === 0 ? 'ok' : 'FAILED'} (${details})\n`);
  if (status !== 0) {
    process.stdout.write(`\n${stdout}${stderr}\ncheck failed at: ${name}\n`);
    process.exitCode = 1;
    break;
  }
}
