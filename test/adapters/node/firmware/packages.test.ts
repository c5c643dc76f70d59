import { expect, test } from 'vitest';
import { FirmwareLayout } from '../../../../adapters/node/firmware/layout.ts';
import { takePackages } from '../../../../adapters/node/firmware/packages.ts';
import type { FileSystem } from '../../../../adapters/node/fs/file-system.ts';
import { folder, order, own, put, steps, textsIn, unit } from './unit-folder.ts';

/** Brings packages with a staged version, as npm would have installed them. */
const bring = async (fs: FileSystem, id: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, text] of Object.entries(files)) await put(fs, `${own}/staging-${id}/node_modules/${name}`, text);
  await takePackages(fs, new FirmwareLayout(folder), id);
};

const packagesOf = async (fs: FileSystem): Promise<Record<string, string>> =>
  Object.fromEntries(Object.entries(await textsIn(fs)).filter(([path]) => path.startsWith('node_modules/')));

test('packages of npm are put in place with their version, and those before are back after its rollback (U1, U18)', async () => {
  const { disk, store, stage, trials } = await unit();
  const before = { 'node_modules/a/x.js': 'one', 'node_modules/a/y.js': 'one', 'node_modules/mine/x.js': 'mine' };
  for (const [name, text] of Object.entries(before)) await put(disk, `${folder}/${name}`, text);
  const { id } = await stage();
  await bring(disk, id, { 'a/x.js': 'two', '@s/b/x.js': 'two' });
  await store.swap(id, order);
  const after = { 'node_modules/a/x.js': 'two', 'node_modules/@s/b/x.js': 'two', 'node_modules/mine/x.js': 'mine' };
  expect(await packagesOf(disk)).toEqual(after);
  await trials.rollBack({ reason: 'it crashed' });
  expect(await packagesOf(disk)).toEqual(before);
  expect(await disk.readdir(`${folder}/node_modules`)).toEqual(expect.not.arrayContaining(['@s']));
  expect((await disk.readdir(own)).filter((name) => /packages|staging/.test(name))).toEqual([]);
});

test('a unit that had no packages has none after the rollback (U1)', async () => {
  const { disk, store, stage, trials } = await unit();
  const { id } = await stage();
  await bring(disk, id, { 'a/x.js': 'two' });
  await store.swap(id, order);
  await trials.rollBack({ reason: 'it crashed' });
  expect(await disk.readdir(folder)).not.toContain('node_modules');
});

test('a discarded version takes its packages along', async () => {
  const { disk, store, stage } = await unit();
  const { id } = await stage();
  await bring(disk, id, { 'a/x.js': 'two' });
  await store.discard(id);
  expect((await disk.readdir(own)).filter((name) => /packages|staging/.test(name))).toEqual([]);
});

test('what stands in the place of their folder is not touched: the version is refused (U18)', async () => {
  const { disk, store, stage } = await unit();
  await put(disk, `${folder}/node_modules`, 'no folder');
  const { id } = await stage();
  await bring(disk, id, { 'a/x.js': 'two' });
  await expect(store.swap(id, order)).rejects.toMatchObject({
    code: 'io',
    message: expect.stringContaining('node_modules'),
  });
  expect((await textsIn(disk))['node_modules']).toBe('no folder');
});

test('a package that comes while they are swapped is kept, and the one before is back (U18)', async () => {
  const { disk, store, stage } = await unit((fs) =>
    steps(async ({ verb, path }) => {
      const isNext = verb === 'rename' && /packages-.*node_modules\/a$/.test(path);
      if (isNext) await put(fs, `${folder}/node_modules/a/z.js`, 'of the user');
    })(fs),
  );
  await put(disk, `${folder}/node_modules/a/x.js`, 'one');
  const { id } = await stage();
  await bring(disk, id, { 'a/x.js': 'two' });
  await expect(store.swap(id, order)).rejects.toMatchObject({ name: 'FirmwareError', code: 'io' });
  expect(await packagesOf(disk)).toEqual({ 'node_modules/a/x.js': 'one' });
  expect(await textsIn(disk, `${own}/kept`)).toMatchObject({ 'new.rollback/node_modules/a/z.js': 'of the user' });
});
