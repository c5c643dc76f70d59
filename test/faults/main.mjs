/** The fault lab. `--quick` plays only what is over within some seconds. The last line is JSON, with `--json` or without. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const vitest = here('../../node_modules/vitest/vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', here('vitest.config.ts')], {
  cwd: here('../..'),
  stdio: 'inherit',
  env: { ...process.env, FAULTS: process.argv.includes('--quick') ? 'quick' : 'all' },
});
process.exitCode = status ?? 1;
