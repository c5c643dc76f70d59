import { expect, test } from 'vitest';
import { folderFirmwareStore } from '../../../../adapters/node/firmware/store.ts';
import { defaultArchiveLimits as limits } from '../../../../services/firmware.ts';
import { powerDisk } from '../../../lab/kill-matrix/power-disk.ts';
import { inChunks } from '../../../support/tar.ts';
import { archiveOf, folder, newFiles, oldFiles, order, put } from './unit-folder.ts';

const unitAt = async (now: number, version = 'new') => {
  const { fs } = powerDisk();
  for (const [name, text] of Object.entries(oldFiles)) await put(fs, `${folder}/${name}`, text);
  const store = folderFirmwareStore({ folder, fs, limits, now: () => now });
  const { id } = await store.stage(inChunks(await archiveOf(newFiles)), new AbortController().signal);
  await store.swap(id, { ...order, from: version, to: version });
  return store;
};

test.each([
  ['before 1970', -1_000],
  ['with fractions of a millisecond', 1_767_225_600_000.25],
  ['at the end of days', 8.64e15],
])('a version that failed is remembered by a clock %s (U14, M13)', async (_, now) => {
  const store = await unitAt(now);
  await store.noteWait(0.5);
  await store.rollBack({ reason: 'it crashed' });
  expect(await store.status()).toMatchObject({ phase: 'settled', failed: { version: 'new', reason: 'it crashed' } });
});

test.each(['漢', '\u0001', '\ud800', '🙂'])(
  'so it is where all texts are as long as can be, of %j (U14)',
  async (text) => {
    const long = text.repeat(5_000);
    const store = await unitAt(0, long);
    await store.noteFailure({ reason: long, code: long });
    await store.rollBack({ reason: long, code: long });
    expect((await store.status()).failed?.reason).toBe(long.slice(0, 4_096));
  },
);
