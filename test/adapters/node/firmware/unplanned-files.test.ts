import { describe, expect, test } from 'vitest';
import { folderFirmwareStore } from '../../../../adapters/node/firmware/store.ts';
import type { FileSystem } from '../../../../adapters/node/fs/file-system.ts';
import { diskError } from '../../../lab/kill-matrix/stepping-fs.ts';
import { defaultArchiveLimits as limits } from '../../../../services/firmware.ts';
import { powerDisk } from '../../../lab/kill-matrix/power-disk.ts';
import { inChunks } from '../../../support/tar.ts';
import { archiveOf, folder, order, own, put, steps, textsIn } from './unit-folder.ts';

const documents = { 'env.json': '{}', 'schema.json': '{}' };
const brought = { 'app.js': 'theirs', 'data.txt': 'theirs', 'lib/new.txt': 'theirs', 'z.js': 'theirs' };

const replace = async (disk: FileSystem, path: string, text: string) => {
  await disk.unlink(`${folder}/${path}`).catch(() => undefined);
  await put(disk, `${folder}/${path}`, text);
};

const isStagedProgram = (path: string) => /staging-[^/]+\/(?!env|schema)/.test(path);

/**
 * A unit that was never updated, in whose folder something else writes right before the first file moves.
 *
 * @param fails Which steps the disk refuses from then on.
 */
const busyUnit = async (
  meanwhile: (disk: FileSystem) => Promise<void>,
  fails: (verb: string, path: string) => boolean = () => false,
) => {
  const { fs: disk } = powerDisk();
  const files = { ...documents, 'data.txt': 'mine' };
  for (const [name, text] of Object.entries(files)) await put(disk, `${folder}/${name}`, text);
  let isMoving = false;
  const fs = steps(async ({ verb, path }) => {
    if (!isMoving && verb === 'rename' && isStagedProgram(path)) {
      isMoving = true;
      await meanwhile(disk);
    }
    if (isMoving && fails(verb, path)) throw diskError('EIO', verb);
  })(disk);
  const store = folderFirmwareStore({ folder, fs, limits });
  const archive = inChunks(await archiveOf({ ...documents, ...brought }));
  const { id } = await store.stage(archive, new AbortController().signal);
  return { disk, store, swap: () => store.swap(id, { ...order, to: 'v2' }) };
};

/** What the app and its owner write while files move. */
const write = async (disk: FileSystem) => {
  await replace(disk, 'data.txt', 'mine, newer');
  await replace(disk, 'lib/new.txt', 'mine, new');
  await replace(disk, 'z.js', 'theirs');
};

describe('files that came or changed after a swap was planned (U18)', () => {
  test('are kept before they give way, and told; what the version brings as well need not be', async () => {
    const { disk, store, swap } = await busyUnit(write);
    await swap();
    expect(await textsIn(disk)).toEqual({ ...documents, ...brought });
    expect(await textsIn(disk, `${own}/kept`)).toEqual({
      'v2/data.txt': 'mine',
      'v2.2/data.txt': 'mine, newer',
      'v2/lib/new.txt': 'mine, new',
    });
    expect((await store.status()).trial?.kept).toMatchObject({
      count: 3,
      names: ['data.txt', 'data.txt', 'lib/new.txt'],
    });
  });

  test('stay where a swap that failed had not come to them', async () => {
    const { disk, swap } = await busyUnit(write, (verb, path) => verb === 'rename' && path.endsWith('/data.txt'));
    await expect(swap()).rejects.toMatchObject({ name: 'FirmwareError', code: 'io' });
    const after = await textsIn(disk);
    expect(after).toMatchObject({ ...documents, 'lib/new.txt': 'mine, new', 'z.js': 'theirs' });
    expect(Object.values({ ...after, ...(await textsIn(disk, `${own}/kept`)) })).toEqual(
      expect.arrayContaining(['mine', 'mine, newer']),
    );
    expect(after).not.toHaveProperty('app.js');
  });

  test('are kept when a swap that was cut off is finished by the next start', async () => {
    const { disk, swap } = await busyUnit(
      async () => undefined,
      () => true,
    );
    await expect(swap()).rejects.toMatchObject({ name: 'FirmwareError' });
    await write(disk);
    const next = folderFirmwareStore({ folder, fs: disk, limits });
    expect((await next.recover()).trial?.kept).toMatchObject({ count: 3 });
    expect(await textsIn(disk)).toEqual({ ...documents, ...brought });
    expect(Object.values(await textsIn(disk, `${own}/kept`)).toSorted()).toEqual(['mine', 'mine, new', 'mine, newer']);
  });
});
