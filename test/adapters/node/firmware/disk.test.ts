import { describe, expect, test } from 'vitest';
import type { FileSystem } from '../../../../adapters/node/fs/file-system.ts';
import { failAt, newFiles, oldFiles, order, own, ownFiles, steps, textsIn, unit } from './unit-folder.ts';

const roomFor = (bytes: number) => (fs: FileSystem) => ({
  ...fs,
  statfs: async () => ({ bavail: 1024 * 1024 + bytes, bsize: 1, blocks: 9e9 }),
});

test('order: written, synced, kept, journal, moved, synced, journal (U4)', async () => {
  const calls: string[] = [];
  const told = new Set(['write', 'fsync', 'link', 'rename', 'unlink']);
  const { swap } = await unit(
    steps(({ verb, path }) => {
      const name = path
        .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'ID')
        .replace(/\.pepeunit-\d+-[0-9a-f]+\.tmp/, 'temporary');
      if (told.has(verb)) calls.push(`${verb} ${name.replace('/unit/.pepeunit', 'own').replace('/unit', '.')}`);
    }),
  );
  await swap();
  const first = calls.findIndex((call) => call === 'link ./env.json');
  const writes = ['write own/temporary', 'fsync own/temporary', 'rename own/temporary', 'fsync own'];
  expect(calls.slice(0, first).filter((call) => call.startsWith('fsync own/staging-ID'))).toEqual([
    ...Object.keys(newFiles).map((name) => `fsync own/staging-ID/${name}`),
    'fsync own/staging-ID/lib',
    'fsync own/staging-ID',
  ]);
  expect(calls.slice(first)).toEqual([
    ...['env.json', 'gone.js', 'lib/a.js', 'schema.json'].map((name) => `link ./${name}`),
    'fsync own/previous-ID/lib',
    'fsync own/previous-ID',
    'fsync own',
    ...writes,
    ...writes,
    ...writes,
    'unlink ./gone.js',
    ...['b.js', 'lib/a.js', 'schema.json', 'env.json'].map((name) => `rename own/staging-ID/${name}`),
    'fsync ./lib',
    'fsync .',
    ...writes,
  ]);
});

describe('a disk that fails (U17)', () => {
  test.each([
    [
      'replaces one whose plan can not be read',
      (verb: string, path: string) => verb === 'stat' && path.includes('/plan-'),
    ],
    ['can not be kept', (verb: string) => verb === 'link'],
    ['can not be put in place', (verb: string, path: string) => verb === 'rename' && path.endsWith('/env.json')],
    ['can not be told to be in place', (verb: string, path: string) => verb === 'fsync' && path === '/unit/lib'],
  ])('a version that %s leaves the old one, and may be tried again', async (_, isHit) => {
    let hits = 0;
    const isFirst = (verb: string, path: string) => isHit(verb, path) && (hits += 1) === 1;
    const { disk, store, swap } = await unit(failAt(isFirst));
    await expect(swap()).rejects.toMatchObject({
      name: 'FirmwareError',
      code: 'io',
      message: expect.stringMatching(/EIO/),
    });
    expect(await textsIn(disk)).toEqual(oldFiles);
    expect(await store.status()).toEqual({ phase: 'settled' });
    expect((await disk.readdir(own)).filter((name) => /^(previous|plan-(?!first)|undo)/.test(name))).toEqual([]);
    await swap();
    expect(await textsIn(disk)).toEqual(newFiles);
  });

  test('a full disk is told as such', async () => {
    const { swap } = await unit(failAt((verb) => verb === 'link', 'ENOSPC'));
    await expect(swap()).rejects.toMatchObject({ code: 'space', message: expect.stringContaining('the disk is full') });
  });

  test('a full disk does not keep a version that failed from being rolled back (U11)', async () => {
    let isFull = false;
    const { disk, store, swap } = await unit(failAt((verb) => isFull && verb === 'write', 'ENOSPC'));
    await swap();
    isFull = true;
    const uncounted = { problem: expect.objectContaining({ code: 'space' }) };
    expect(await store.countStart()).toMatchObject({ trial: { starts: 1 }, ...uncounted });
    expect(await store.countStart()).toMatchObject({ trial: { starts: 2 }, ...uncounted });
    await expect(store.rollBack({ reason: 'it filled the disk' })).rejects.toMatchObject({ code: 'space' });
    expect(await textsIn(disk)).toEqual(oldFiles);
    isFull = false;
    expect(await store.recover()).toMatchObject({
      phase: 'settled',
      outcome: { version: 'new', result: 'rolledBack' },
    });
    expect(await textsIn(disk)).toEqual(oldFiles);
  });

  test('starts that could not be written are counted as soon as the disk has room', async () => {
    let isFull = true;
    const { store, swap, trials } = await unit(failAt((verb) => isFull && verb === 'write', 'ENOSPC'));
    isFull = false;
    await swap();
    isFull = true;
    await store.countStart();
    await store.countStart();
    isFull = false;
    expect(await store.countStart()).not.toHaveProperty('problem');
    expect(await trials.status()).toMatchObject({ trial: { starts: 3 } });
  });

  test('a version that the disk has no room for is refused while it is unpacked', async () => {
    for (const room of [-500_000, 0, 20]) {
      const { disk, stage } = await unit(roomFor(room));
      await expect(stage()).rejects.toMatchObject({ code: 'space', message: expect.stringMatching(/Free space/) });
      expect(await disk.readdir(own)).toEqual(Object.keys(ownFiles));
    }
    const { stage } = await unit(roomFor(10_000));
    expect(await stage()).toMatchObject({ files: 4 });
  });

  test('a disk that can not tell its room is not held to have none', async () => {
    const { stage } = await unit((fs) => ({ ...fs, statfs: async () => ({ bavail: 0, bsize: 0, blocks: 0 }) }));
    expect(await stage()).toMatchObject({ files: 4 });
  });

  test('a file that can not be put back keeps no other from it', async () => {
    let isBroken = false;
    const { disk, store, swap, trials } = await unit(
      failAt((verb, path) => isBroken && verb === 'rename' && /previous.*env/.test(path)),
    );
    await swap();
    isBroken = true;
    await expect(store.rollBack({ reason: 'crashed' })).rejects.toMatchObject({ code: 'io' });
    expect(await textsIn(disk)).toEqual({ ...oldFiles, 'env.json': newFiles['env.json'] });
    await trials.recover();
    expect(await textsIn(disk)).toEqual(oldFiles);
  });

  test.each(['env.json', ''])(
    'a file %j on another device than .pepeunit is refused before anything moves',
    async (name) => {
      const { disk, swap } = await unit(failAt((verb, path) => verb === 'link' && path.endsWith(name), 'EXDEV'));
      await expect(swap()).rejects.toMatchObject({
        code: 'io',
        message: expect.stringMatching(/env\.json and \.pepeunit are on different devices/),
      });
      expect(await textsIn(disk)).toEqual(oldFiles);
    },
  );

  test('a .pepeunit on another device is told as such, and costs the update alone (U17)', async () => {
    const { disk, stage, store, trials } = await unit(
      failAt((verb, path) => verb === 'rename' && path.includes('staging'), 'EXDEV'),
    );
    await expect(store.swap((await stage()).id, order)).rejects.toMatchObject({
      message: expect.stringMatching(/EXDEV.*\.pepeunit/),
    });
    expect(await textsIn(disk)).toEqual(oldFiles);
    expect(await trials.status()).toMatchObject({ phase: 'settled' });
  });

  test('where files can have no second name, they are copied', async () => {
    const { disk, swap, trials } = await unit(failAt((verb) => verb === 'link', 'EPERM'));
    await swap();
    expect(await textsIn(disk)).toEqual(newFiles);
    await trials.rollBack({ reason: 'crashed' });
    expect(await textsIn(disk)).toEqual(oldFiles);
  });
});
