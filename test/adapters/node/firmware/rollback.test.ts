import { describe, expect, test } from 'vitest';
import { inChunks } from '../../../support/tar.ts';
import type { FileSystem } from '../../../../adapters/node/fs/file-system.ts';
import { archiveOf, folder, newFiles, oldFiles, order, own, ownFiles, put, textsIn, unit } from './unit-folder.ts';

/** One of the staged files is gone when it is to be put in place. */
const loses = (fs: FileSystem): FileSystem => ({
  ...fs,
  rename: async (from, to) => {
    if (from.endsWith('/lib/a.js') && from.includes('staging')) await fs.unlink(from);
    await fs.rename(from, to);
  },
});

/** One of the old files is gone as soon as it is to be kept. */
const goes = (fs: FileSystem): FileSystem => ({
  ...fs,
  link: async (from, to) => {
    if (from === '/unit/gone.js') await fs.unlink(from);
    await fs.link(from, to);
  },
});

describe('rolling back', () => {
  test('puts back what the new version has turned into something else, by links least of all', async () => {
    const { disk, swap, trials } = await unit();
    await put(disk, '/etc/a.js', 'not ours');
    await swap();
    await disk.unlink('/unit/lib/a.js');
    await disk.rmdir('/unit/lib');
    await disk.symlink('/etc', '/unit/lib');
    await put(disk, '/unit/gone.js/made-by-the-new-version', 'x');
    await trials.rollBack({ reason: 'crashed' });
    expect(await textsIn(disk)).toEqual(oldFiles);
    expect(await textsIn(disk, '/etc')).toEqual({ 'a.js': 'not ours' });
  });

  test('leaves what the app has made meanwhile', async () => {
    const { disk, swap, trials } = await unit();
    await swap();
    await put(disk, '/unit/readings.txt', '1 2 3');
    await trials.rollBack({ reason: 'crashed' });
    expect(await textsIn(disk)).toEqual({ ...oldFiles, 'readings.txt': '1 2 3' });
  });

  test('keeps what came during the trial and is in the way (U18)', async () => {
    const { disk, swap, trials } = await unit();
    await swap();
    await put(disk, '/unit/gone.js', 'made by the user');
    await disk.unlink('/unit/lib/a.js');
    await put(disk, '/unit/lib/a.js/mine', 'made by the user as well');
    await trials.rollBack({ reason: 'crashed' });
    await swap();
    await trials.confirm();
    expect(await textsIn(disk, `${own}/kept`)).toEqual({
      'new.rollback/gone.js': 'made by the user',
      'new.rollback/lib/a.js/mine': 'made by the user as well',
    });
  });

  test('gives folders their permissions back', async () => {
    const { disk, store, trials } = await unit();
    const { id } = await store.stage(inChunks(await archiveOf({ 'env.json': '{}' })), new AbortController().signal);
    await store.swap(id, order);
    expect(await disk.readdir(folder)).not.toContain('lib');
    await trials.rollBack({ reason: 'crashed' });
    expect((await disk.lstat('/unit/lib')).mode & 0o777).toBe(0o755);
  });
});

describe('what changes while the old version still runs', () => {
  test("a file that is being written is nobody's version", async () => {
    const { disk, swap } = await unit();
    const name = '.pepeunit-12-0123456789abcdef.tmp';
    await put(disk, `/unit/${name}`, 'a line');
    await swap();
    expect(await textsIn(disk)).toEqual({ ...newFiles, [name]: 'a line' });
  });

  test('a file that goes meanwhile is no obstacle', async () => {
    const { disk, swap, trials } = await unit(goes);
    await swap();
    expect(await textsIn(disk)).toEqual(newFiles);
    await trials.rollBack({ reason: 'crashed' });
    expect(await textsIn(disk)).toEqual({ ...oldFiles, 'gone.js': undefined });
  });
});

describe('a version that is taken away while it is put in place', () => {
  test('by its own store, is put in place first', async () => {
    const given: { up?: () => Promise<void> } = {};
    const givesUp = (fs: FileSystem): FileSystem => ({
      ...fs,
      link: async (from, to) => {
        void given.up?.();
        await fs.link(from, to);
      },
    });
    const { disk, store, stage } = await unit(givesUp);
    const { id } = await stage();
    given.up = () => store.discard(id);
    await store.swap(id, order);
    expect(await textsIn(disk)).toEqual(newFiles);
  });

  test('by somebody else, leaves the old one', async () => {
    const { disk, swap } = await unit(loses);
    await expect(swap()).rejects.toMatchObject({ name: 'FirmwareError', code: 'io' });
    expect(await textsIn(disk)).toEqual(oldFiles);
  });
});

describe('sweeping', () => {
  test('removes what no update needs, and leaves what belongs to others', async () => {
    const { disk, trials } = await unit();
    const stale = ['staging-0a/lib/x', 'previous-0a/x', 'plan-0a.json', 'undo-0a.json'];
    const others = [
      ...Object.keys(ownFiles),
      'newest-release.json',
      'downloads/part',
      'outbox/1',
      'supervisor.json',
      'kept/v1/x',
      'previous',
      'plan-B.json',
    ];
    for (const name of [...stale, ...others]) {
      if (!(name in ownFiles)) await put(disk, `${own}/${name}`, 'x');
    }
    await trials.recover();
    expect(Object.keys(await textsIn(disk, own)).toSorted()).toEqual(others.toSorted());
  });

  test('keeps one previous version, until the next one is swapped (U10)', async () => {
    const { disk, store, swap } = await unit();
    const kept = async () => (await disk.readdir(own)).filter((name) => name.startsWith('previous-')).length;
    await swap();
    await store.confirm();
    expect(await store.recover()).toMatchObject({ phase: 'settled' });
    expect(await kept()).toBe(1);
    await swap();
    expect(await kept()).toBe(1);
    await store.confirm();
    expect(await kept()).toBe(1);
  });

  test('leaves what is being staged', async () => {
    const { store, stage } = await unit();
    const { id } = await stage();
    await store.recover();
    expect(await store.readJson(id, 'env.json')).toEqual({ PU_COMMIT_VERSION: 'new' });
  });
});

test("the client's own folder may not be a link", async () => {
  const { disk, stage } = await unit();
  for (const name of await disk.readdir(own)) await disk.unlink(`${own}/${name}`);
  await disk.rmdir(own);
  await disk.mkdir('/elsewhere', { recursive: true, mode: 0o755 });
  await disk.symlink('/elsewhere', own);
  await expect(stage()).rejects.toMatchObject({ name: 'FirmwareError', code: 'io' });
  expect(await disk.readdir('/elsewhere')).toEqual([]);
});
