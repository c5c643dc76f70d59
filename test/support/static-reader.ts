import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createMachine, type AnyStateMachine } from 'xstate';
import type { JsonObject, JsonValue } from '../../services/json.ts';

const run = promisify(execFile);
const project = resolve(import.meta.dirname, '../..');
const cache = join(project, 'node_modules/.cache');
const home = join(cache, 'static-reader-0.16.0');
const packages = ['@xstate/machine-extractor@0.16.0', 'xstate@4'];

/** Installs the importer apart from this package, as it needs another xstate. */
const install = async (): Promise<void> => {
  if (existsSync(home)) return;
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'static-reader-'));
  try {
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--fetch-retries=0'];
    await run('npm', ['install', ...flags, ...packages], { cwd: folder });
    if (!existsSync(home)) await rename(folder, home);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Why there is no importer; `undefined` if there is one. */
const problem = await install().then(
  () => undefined,
  (error: unknown) => String(error),
);

if (problem !== undefined && process.env['CI']) {
  throw new Error(`Stately's importer can not be installed, and CI must not go without it: ${problem}`);
}

/** Why tests by the static reader are skipped, as part of their names; empty if they run. Never so in CI. */
export const whyNoReader = problem === undefined ? '' : ' (skipped: npm can not install @xstate/machine-extractor)';

/** The importer tells the kinds of actions and guards apart, and writes guards as XState 4 does. */
const inVersion5 = (read: JsonValue): JsonValue => {
  if (Array.isArray(read)) return read.map(inVersion5);
  if (typeof read !== 'object' || read === null) return read;
  const { kind, action, cond, ...others } = read;
  if (kind !== undefined && action !== undefined) return action;
  const plain = Object.fromEntries(Object.entries(others).map(([key, value]) => [key, inVersion5(value)]));
  return cond === undefined ? plain : { ...plain, guard: inVersion5(cond) };
};

/** The machines in each file, as Stately's importer reads them from its text alone. */
export const readStatically = async (files: readonly string[]): Promise<AnyStateMachine[][]> => {
  const program = join(import.meta.dirname, 'static-reader.mjs');
  const { stdout } = await run(process.execPath, [program, home, ...files], { maxBuffer: 64 * 1024 ** 2 });
  const read = JSON.parse(stdout) as JsonObject[][];
  return read.map((configs) =>
    configs.map((config) => createMachine({ ...(inVersion5(config) as JsonObject), context: {} })),
  );
};
