import { cp, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createSupervisedUnit,
  createYard,
  type Program,
  type Yard,
  type YardUnit,
} from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

/** Files of the user, none of which any version brings. */
const own: Readonly<Record<string, string>> = {
  '.env': 'SECRET=1',
  'state.sqlite': 'SQLite format 3',
  'photos/2026/a.jpg': 'a photo',
  'certs/device.pem': 'a key',
  'lib/data.txt': 'readings',
  'node_modules/left-pad/index.js': 'a dependency',
  '.git/config': 'the url of the remote',
};

const write = async (folder: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
};

const textsOf = async (folder: string, names: readonly string[]): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, await readFile(join(folder, name), 'utf8').catch(() => 'gone')] as const),
    ),
  );

const warnings = async (unit: YardUnit): Promise<string[]> =>
  (await readFile(join(unit.folder, 'log.json'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { level: string; text: string })
    .filter(({ level, text }) => level === 'Warning' && text.includes('.pepeunit/kept'))
    .map(({ text }) => text);

const options = 'update: { healthTimeoutMs: 20_000, trialStarts: 1 },';
const version = (label: string, more: Partial<Program> = {}): Program => ({ label, options, ...more });

describe.each(['under the supervisor', 'alone'])('the files of the user, %s (U18)', (how) => {
  const start = (unit: YardUnit) => (how === 'alone' ? unit.runAlone() : unit.run('--grace', '2'));

  test('outlive the first update and the next ones', { timeout: 120_000 }, async () => {
    const unit = await createSupervisedUnit(yard, `outlive-${how.replaceAll(' ', '-')}`, version('one'));
    await write(unit.folder, own);
    await symlink('/elsewhere', join(unit.folder, 'link'));
    start(unit);
    await unit.hears('one', 'online');
    for (const label of ['two', 'three', 'four']) {
      await unit.add(version(label, { files: { [`only-${label}.txt`]: label } }));
      await unit.update();
      await unit.hears(label, 'updateConfirmed');
      expect(await textsOf(unit.folder, Object.keys(own))).toEqual(own);
      expect(await readlink(join(unit.folder, 'link'))).toBe('/elsewhere');
    }
    expect((await readdir(unit.folder)).filter((name) => name.startsWith('only-'))).toEqual(['only-four.txt']);
    await unit.stop();
  });

  test('that have to give way are kept, with one warning', { timeout: 120_000 }, async () => {
    const unit = await createSupervisedUnit(yard, `give-way-${how.replaceAll(' ', '-')}`, version('one'));
    await write(unit.folder, { 'notes.txt': 'my notes', 'same.txt': 'the same' });
    start(unit);
    await unit.hears('one', 'online');
    const commit = await unit.add(version('two', { files: { 'notes.txt': 'their notes', 'same.txt': 'the same' } }));
    await unit.update();
    await unit.hears('two', 'updateConfirmed');
    const kept = join(unit.folder, '.pepeunit', 'kept', commit);
    expect(await readFile(join(unit.folder, 'notes.txt'), 'utf8')).toBe('their notes');
    expect(await readFile(join(kept, 'notes.txt'), 'utf8')).toBe('my notes');
    expect((await readdir(kept)).toSorted()).toEqual(['main.js', 'notes.txt']);
    await unit.waitFor('the warning', async () => (await warnings(unit)).length > 0);
    expect(await warnings(unit)).toEqual([
      `2 files that no update had brought gave way to version ${commit}, kept in .pepeunit/kept/${commit}: main.js, notes.txt`,
    ]);
    await unit.add(version('three', { files: { 'notes.txt': 'newer notes' } }));
    await unit.update();
    await unit.hears('three', 'updateConfirmed');
    expect(await readFile(join(kept, 'notes.txt'), 'utf8')).toBe('my notes');
    expect(await warnings(unit)).toHaveLength(1);
    await unit.stop();
  });

  test('are as they were after a rollback', { timeout: 120_000 }, async () => {
    const unit = await createSupervisedUnit(yard, `rollback-${how.replaceAll(' ', '-')}`, version('one'));
    await write(unit.folder, { ...own, 'notes.txt': 'my notes' });
    const before = join(yard.root, `before-${how.replaceAll(' ', '-')}`);
    await cp(unit.folder, before, { recursive: true });
    start(unit);
    await unit.hears('one', 'online');
    const ready = options.replace('{', "{ ready: () => { throw new Error('no good'); },");
    const commit = await unit.add(version('bad', { options: ready, files: { 'notes.txt': 'their notes' } }));
    await unit.update();
    await unit.hears('one', 'updateRolledBack');
    const names = [...Object.keys(own), 'notes.txt', 'main.js'];
    expect(await textsOf(unit.folder, names)).toEqual(await textsOf(before, names));
    expect((await lstat(join(unit.folder, '.pepeunit', 'kept', commit, 'notes.txt'))).isFile()).toBe(true);
    await unit.stop();
  });
});
