/**
 * The fault lab. `--quick` plays only what is over within some seconds, `--only TEXT` the faults with this text in their
 * names. The last line is JSON, with `--json` or without.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string', default: '' } },
});
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const vitest = here('../../../node_modules/vitest/vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', here('vitest.config.ts')], {
  cwd: here('../../..'),
  stdio: 'inherit',
  env: { ...process.env, FAULTS: values.quick ? 'quick' : 'all', FAULTS_ONLY: values.only },
});
process.exitCode = status ?? 1;
