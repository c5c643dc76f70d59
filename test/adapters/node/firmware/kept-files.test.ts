import { describe, expect, test } from 'vitest';
import { folderFirmwareStore } from '../../../../adapters/node/firmware/store.ts';
import type { FileSystem } from '../../../../adapters/node/fs/file-system.ts';
import { defaultArchiveLimits as limits } from '../../../../services/firmware.ts';
import { powerDisk } from '../../../lab/kill-matrix/power-disk.ts';
import { inChunks } from '../../../support/tar.ts';
import { archiveOf, folder, order, own, put, textsIn } from './unit-folder.ts';

const documents = { 'env.json': '{}', 'schema.json': '{}' };

/** A unit that was never updated, with these files. */
const newUnit = async (files: Record<string, string>) => {
  const { fs: disk } = powerDisk();
  for (const [name, text] of Object.entries({ ...documents, ...files })) await put(disk, `${folder}/${name}`, text);
  const store = folderFirmwareStore({ folder, fs: disk, limits });
  const swap = async (to: string, brought: Record<string, string>): Promise<void> => {
    const archive = inChunks(await archiveOf({ ...documents, ...brought }));
    await store.swap((await store.stage(archive, new AbortController().signal)).id, { ...order, to });
  };
  const kept = async () => (await store.status()).trial?.kept;
  return { disk, store, swap, kept };
};

describe('files that no update brought (U18)', () => {
  test('are kept where they give way: the first five are named, the rest counted', async () => {
    const files = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => [name, `my ${name}`]));
    const { disk, swap, kept } = await newUnit({ ...files, mine: 'x' });
    await swap('v2', Object.fromEntries(Object.keys(files).map((name) => [name, `their ${name}`])));
    expect(await textsIn(disk, `${own}/kept/v2`)).toEqual(files);
    expect(await kept()).toEqual({ folder: '.pepeunit/kept/v2', count: 7, names: ['a', 'b', 'c', 'd', 'e'] });
    expect(await textsIn(disk)).toMatchObject({ mine: 'x', a: 'their a' });
  });

  test('need not be kept where the version brings the same', async () => {
    const { disk, swap, kept } = await newUnit({ 'main.js': 'the program', 'lib/a.js': 'a' });
    await swap('v1', { 'main.js': 'the program', 'lib/a.js': 'a' });
    expect(await kept()).toBeUndefined();
    expect(await disk.readdir(own)).not.toContain('kept');
  });

  test('give way as links, as files to folders and as folders to files, and come back by a rollback', async () => {
    const { disk, store, swap, kept } = await newUnit({
      notes: 'my notes',
      'photos/a.jpg': 'a',
      'photos/b/c.jpg': 'c',
    });
    await disk.symlink('/elsewhere/model', `${folder}/model`);
    await disk.symlink('/elsewhere/media', `${folder}/media`);
    const before = await textsIn(disk);
    await swap('v2', { 'notes/readme': 'n', photos: 'p', model: 'm', 'media/m': 'm' });
    expect(await textsIn(disk)).toEqual({ ...documents, 'notes/readme': 'n', photos: 'p', model: 'm', 'media/m': 'm' });
    const root = `${own}/kept/v2`;
    expect(await textsIn(disk, root)).toEqual(
      before['notes'] && { notes: 'my notes', 'photos/a.jpg': 'a', 'photos/b/c.jpg': 'c' },
    );
    expect([await disk.readlink(`${root}/model`), await disk.readlink(`${root}/media`)]).toEqual([
      '/elsewhere/model',
      '/elsewhere/media',
    ]);
    expect((await kept())?.count).toBe(5);
    await store.rollBack({ reason: 'crashed' });
    expect(await textsIn(disk)).toEqual(before);
    expect(await disk.readlink(`${folder}/model`)).toBe('/elsewhere/model');
    expect(await disk.readlink(`${folder}/media`)).toBe('/elsewhere/media');
    expect(await textsIn(disk, root)).toMatchObject({ notes: 'my notes' });
  });

  test('are kept at each attempt of the same version, the older copies as well', async () => {
    const { disk, store, swap } = await newUnit({ notes: 'one' });
    await swap('v2', { notes: 'theirs' });
    await store.rollBack({ reason: 'crashed' });
    await swap('v2', { notes: 'theirs' });
    await store.rollBack({ reason: 'crashed' });
    expect(await disk.readdir(`${own}/kept`)).toEqual(['v2']);
    await disk.unlink(`${folder}/notes`);
    await put(disk, `${folder}/notes`, 'two');
    await swap('v2', { notes: 'theirs' });
    await store.confirm();
    expect(await textsIn(disk, `${own}/kept`)).toEqual({ 'v2/notes': 'one', 'v2.2/notes': 'two' });
  });

  test.each(['../../etc', '..', '', 'a/b', '.hidden', 'x'.repeat(500), '\uD800'])(
    'stay in the private folder whatever the version %j is called',
    async (version) => {
      const { disk, swap } = await newUnit({ notes: 'mine' });
      await swap(version, { notes: 'theirs' });
      expect(Object.values(await textsIn(disk, `${own}/kept`))).toEqual(['mine']);
      expect(await disk.readdir('/')).toEqual(['unit']);
    },
  );

  test.each([
    ['a file', async (disk: FileSystem) => put(disk, `${own}/kept`, 'x')],
    ['a link', async (disk: FileSystem) => disk.symlink('/elsewhere', `${own}/kept`)],
  ])('stay in place when the folder to keep them in is %s, and the update is refused', async (_, occupy) => {
    const { disk, store, swap } = await newUnit({ notes: 'mine' });
    await disk.mkdir(own, { recursive: true, mode: 0o700 });
    await occupy(disk);
    await expect(swap('v2', { notes: 'theirs' })).rejects.toMatchObject({
      name: 'FirmwareError',
      code: 'io',
      message: expect.stringContaining('.pepeunit/kept'),
    });
    expect(await textsIn(disk)).toMatchObject({ notes: 'mine' });
    expect(await store.status()).toMatchObject({ phase: 'settled' });
  });

  test('stay beside a file that is called like the folder of their version', async () => {
    const { disk, swap } = await newUnit({ notes: 'mine' });
    await put(disk, `${own}/kept/v2`, 'x');
    await swap('v2', { notes: 'theirs' });
    expect(await textsIn(disk, `${own}/kept`)).toEqual({ v2: 'x', 'v2.2/notes': 'mine' });
  });

  test('are told apart from what a version brought at the tenth update as at the first', async () => {
    const { disk, store, swap, kept } = await newUnit({ mine: 'x' });
    for (let at = 1; at <= 10; at += 1) {
      await put(disk, `${folder}/clash-${at}`, 'mine');
      await swap(`v${at}`, { [`brought-${at}`]: 'b', [`clash-${at}`]: 'theirs' });
      expect(await kept()).toMatchObject({ count: 1, names: [`clash-${at}`] });
      await store.confirm();
      expect(await textsIn(disk)).toEqual({
        ...documents,
        mine: 'x',
        [`brought-${at}`]: 'b',
        [`clash-${at}`]: 'theirs',
      });
      expect(await textsIn(disk, `${own}/kept/v${at}`)).toEqual({ [`clash-${at}`]: 'mine' });
    }
  });

  test("git's history, the client's own folder and dependencies are neither installed nor replaced", async () => {
    const { disk, swap } = await newUnit({ '.git/config': 'mine', 'node_modules/a/index.js': 'mine' });
    await swap('v2', {
      '.git/config': 'token',
      '.git/hooks/pre-commit': 'x',
      '.pepeunit/update.json': 'x',
      'node_modules/a/index.js': 'theirs',
      'main.js': 'm',
    });
    expect(await textsIn(disk)).toEqual({
      ...documents,
      '.git/config': 'mine',
      'node_modules/a/index.js': 'mine',
      'main.js': 'm',
    });
    expect(JSON.stringify(await textsIn(disk, own))).not.toContain('token');
  });
});
