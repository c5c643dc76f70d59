/** The soak: ten minutes, or `--minutes N`. The last line is JSON. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, json: { type: 'boolean' } } });
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const vitest = here('../../../node_modules/vitest/vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', here('vitest.config.ts')], {
  cwd: here('../../..'),
  stdio: 'inherit',
  env: { ...process.env, SOAK_MINUTES: values.minutes },
});
process.exitCode = status ?? 1;
