import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startNpmRegistry, type NpmRegistry } from '../../support/npm-registry.ts';
import {
  createSupervisedUnit,
  createYard,
  type Program,
  type Yard,
  type YardUnit,
} from '../../support/supervised-unit.ts';

let yard: Yard;
let registry: NpmRegistry;
beforeAll(async () => {
  yard = await createYard();
  registry = await startNpmRegistry(join(yard.root, 'npm-cache'), [
    { name: 'greeting-words', version: '1.0.0', files: { 'index.js': "export default 'good day';" } },
    { name: 'greeting-words', version: '1.2.0', files: { 'index.js': "export default 'hello';" } },
    {
      name: 'greeting-words',
      version: '2.0.0',
      files: { 'index.js': "export { default } from 'polite-words';" },
      dependencies: { 'polite-words': '*' },
    },
    { name: 'polite-words', version: '1.0.0', files: { 'index.js': "export default 'how do you do';" } },
  ]);
  for (const [name, value] of Object.entries(registry.env)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await yard.stop();
  await registry.stop();
});

const terms = 'update: { healthTimeoutMs: 20_000 },';

/** A version that needs a package. */
const greeting = (label: string, wanted: string, options = terms): Program => ({
  label,
  options,
  first: "import words from 'greeting-words';",
  before: 'say({ said: words });',
  files: { 'package.json': JSON.stringify({ type: 'module', dependencies: { 'greeting-words': wanted } }) },
});

/** Installs packages in a unit's folder, as the error says. */
const install = async (unit: YardUnit, command: string): Promise<void> => {
  const [program = '', ...args] = command.split(' ');
  const run = spawn(program, args, { cwd: unit.folder, stdio: 'inherit' });
  expect(await once(run, 'exit')).toEqual([0, null]);
};

const refusal = (unit: YardUnit, part: string) =>
  unit.waitFor(`the log tells of ${part}`, () => unit.log().some((line) => line.includes(part)));

const commandIn = (unit: YardUnit): string =>
  unit
    .log()
    .flatMap((line) => /npm install [^)]+/.exec(line) ?? [])
    .at(-1) ?? '';

test('a version that needs packages which are not there is refused, with what to do; once they are there, it runs (U26)', async () => {
  const unit = await createSupervisedUnit(yard, 'насос 🌡 один', { label: 'one', options: terms });
  unit.run('--grace', '2');
  await unit.hears('one', 'online');
  const before = await unit.tree();
  await unit.add(greeting('two', '^1.1.0'));
  await unit.update();
  await unit.hears('one', 'updateFailed');
  await refusal(unit, 'The firmware needs packages that the device does not have: greeting-words@^1.1.0. Install them');
  expect(unit.hasSaid('one', 'updateSwapped')).toBe(false);
  expect(await unit.tree()).toEqual(before);
  await unit.waitFor('nothing of it is left', async () =>
    (await readdir(join(unit.folder, '.pepeunit'))).every((name) => !/staging|plan|update/.test(name)),
  );

  await install(unit, commandIn(unit).replace('^1.1.0', '1.0.0'));
  await unit.update();
  await refusal(unit, 'greeting-words@^1.1.0 (1.0.0 is there)');
  await install(unit, commandIn(unit));
  expect(await unit.tree()).toEqual(before);
  await unit.update();
  await unit.hears('two', 'hello');
  await unit.hears('two', 'updateConfirmed');
  expect(await readFile(join(unit.folder, 'package.json'), 'utf8')).toContain('greeting-words');
  await unit.stop();
});

const installing = 'update: { healthTimeoutMs: 20_000, trialStarts: 1, install: true },';

const versionOf = async (unit: YardUnit, name: string): Promise<unknown> => {
  const text = await readFile(join(unit.folder, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};

test('with update.install the packages come and go with their version: one that fails takes its own along (U1, U26)', async () => {
  const unit = await createSupervisedUnit(yard, 'насос 🌡 два', { label: 'one', options: installing });
  unit.run('--grace', '2', '--trial-starts', '1');
  await unit.hears('one', 'online');
  await unit.add(greeting('two', '^1.1.0', installing));
  await unit.update();
  await unit.hears('two', 'hello');
  await unit.hears('two', 'updateConfirmed');
  expect(await versionOf(unit, 'greeting-words')).toBe('1.2.0');

  await unit.add({ ...greeting('three', '2.x', installing), before: 'say({ said: words }); process.exit(3);' });
  await unit.update();
  await unit.hears('three', 'how do you do');
  await unit.hears('two', 'updateRolledBack');
  expect(await versionOf(unit, 'greeting-words')).toBe('1.2.0');
  expect((await readdir(join(unit.folder, 'node_modules'))).toSorted()).toEqual([
    '.package-lock.json',
    'greeting-words',
  ]);
  expect((await unit.tree())['package.json']).toContain('^1.1.0');

  await unit.add(greeting('four', '2.x', installing));
  await unit.update();
  await unit.hears('four', 'updateConfirmed');
  expect(await versionOf(unit, 'polite-words')).toBe('1.0.0');

  await unit.add(greeting('five', '>=9', installing));
  await unit.update();
  await refusal(unit, "failed while staging: The firmware's packages could not be installed: npm ended with ETARGET");
  expect(await versionOf(unit, 'greeting-words')).toBe('2.0.0');
  await unit.waitFor('nothing of it is left', async () =>
    (await readdir(join(unit.folder, '.pepeunit'))).every((name) => !/staging/.test(name)),
  );
  await unit.stop();
});
