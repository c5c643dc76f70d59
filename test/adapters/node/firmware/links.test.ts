import { mkdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderFirmwareStore } from '../../../../adapters/node/firmware/store.ts';
import { folderFirmwareTrials } from '../../../../adapters/node/firmware/trials.ts';
import { hostFs, type FileSystem } from '../../../../adapters/node/fs/file-system.ts';
import { defaultArchiveLimits as limits } from '../../../../services/firmware.ts';
import { stepper, steppingFs } from '../../../lab/kill-matrix/stepping-fs.ts';
import { snapshotOf } from '../../../lab/kill-matrix/tree.ts';
import { makeLinks, temporaryFolder, writeFiles } from '../../../support/folder.ts';
import { inChunks, tarOf, type TarEntry } from '../../../support/tar.ts';
import { order } from './unit-folder.ts';

/** A version's paths: the text of a file, or `-> target` for a link. */
type Version = Readonly<Record<string, string>>;

const lib = { 'lib/a.js': 'a', 'lib/deep/b.js': 'b', 'other/a.js': 'another a' };

const archiveOf = (version: Version): Promise<Buffer> =>
  tarOf(
    ...Object.entries({ 'env.json': '{}', 'schema.json': '{}', ...lib, ...version }).map(([name, text]): TarEntry =>
      text.startsWith('-> ') ? { name, type: 'symlink', linkname: text.slice(3) } : { name, text },
    ),
  );

const update = async (folder: string, version: Version, to: string, fs: FileSystem = hostFs): Promise<void> => {
  const store = folderFirmwareStore({ folder, fs, limits });
  const { id } = await store.stage(inChunks(await archiveOf(version)), new AbortController().signal);
  await store.swap(id, { ...order, to });
};

/** A unit whose old version an update has brought. */
const unitWith = async (old: Version): Promise<string> => {
  const folder = join(await temporaryFolder(), 'unit');
  await mkdir(folder);
  await update(folder, old, 'old');
  await folderFirmwareTrials({ folder }).confirm();
  return folder;
};

const look = (folder: string) => snapshotOf(hostFs, folder);

const transitions: [string, Version, Version][] = [
  ['a new link', {}, { 'bin/run': '-> ../lib/a.js', current: '-> lib' }],
  ['a link that is gone', { current: '-> lib', 'bin/run': '-> ../lib/a.js' }, {}],
  ['a link that leads elsewhere', { current: '-> lib' }, { current: '-> other' }],
  ['a link that stays as it was', { current: '-> lib' }, { current: '-> lib' }],
  ['a file that becomes a link', { current: 'x' }, { current: '-> lib/a.js' }],
  ['a link that becomes a file', { current: '-> lib/a.js' }, { current: 'x' }],
  ['a folder that becomes a link', { 'x/a.js': 'x', 'x/deep/b.js': 'x', 'x/deep/c/d': 'x' }, { x: '-> lib' }],
  ['a link that becomes a folder', { x: '-> lib' }, { 'x/a.js': 'x', 'x/deep/b.js': 'x' }],
];

test.each(transitions)('%s: it is swapped in, and rolled back (U1, U18)', async (_, old, next) => {
  const folder = await unitWith(old);
  const before = await look(folder);
  await update(folder, next, 'new');
  const fresh = await unitWith(next);
  expect(await look(folder)).toEqual(await look(fresh));
  await folderFirmwareTrials({ folder }).rollBack({ reason: 'it crashed' });
  expect(await look(folder)).toEqual(before);
});

test.each(transitions.slice(-2))(
  '%s: killed at some of the steps, one whole version is left (U1)',
  async (_, old, next) => {
    const wanted = [await look(await unitWith(old)), await look(await unitWith(next))];
    const endings = new Set<number>();
    for (let at = 1; ; at += 7) {
      const folder = await unitWith(old);
      const { step, count } = stepper(({ n }) => {
        if (n >= at) throw new Error('killed');
      });
      await update(folder, next, 'new', steppingFs(hostFs, step)).catch(() => undefined);
      await folderFirmwareTrials({ folder }).recover();
      const found = await look(folder);
      expect(wanted).toContainEqual(found);
      endings.add(wanted.findIndex((each) => JSON.stringify(each) === JSON.stringify(found)));
      if (count() < at) break;
    }
    expect(endings.has(0)).toBe(true);
  },
);

test('a swap that was interrupted goes on behind a link as it is in place, and takes nothing away there (U1)', async () => {
  const folder = await unitWith({ 'x/a.js': 'x', 'x/deep/b.js': 'x' });
  let isLinked = false;
  const { step } = stepper(({ verb, path }) => {
    if (isLinked) throw new Error('killed');
    isLinked = verb === 'rename' && path.includes('staging-') && path.endsWith('/x');
  });
  await expect(update(folder, { x: '-> lib' }, 'new', steppingFs(hostFs, step))).rejects.toThrow('killed');
  expect(await readlink(join(folder, 'x'))).toBe('lib');
  expect(await folderFirmwareTrials({ folder }).recover()).toMatchObject({ phase: 'trial' });
  expect(await look(folder)).toEqual(await look(await unitWith({ x: '-> lib' })));
});

test('a file and a link of the user that give way to a link are kept (U18)', async () => {
  const folder = await unitWith({});
  await writeFiles(folder, { notes: 'mine' });
  await makeLinks(folder, { model: '/elsewhere/model', same: 'lib' });
  await update(folder, { notes: '-> lib/a.js', model: '-> lib/a.js', same: '-> lib' }, 'new');
  const { trial } = await folderFirmwareTrials({ folder }).status();
  expect(trial?.kept).toMatchObject({ count: 2, names: ['model', 'notes'] });
  expect(await readlink(join(folder, '.pepeunit/kept/new/model'))).toBe('/elsewhere/model');
  expect(await readlink(join(folder, 'model'))).toBe('lib/a.js');
});

test('the program that runs may be a link, but not one that leads to nothing (U22)', async () => {
  const folder = await unitWith({});
  const store = folderFirmwareStore({ folder, limits, programNames: () => ['main.js'] });
  const check = async (version: Version): Promise<void> => {
    const { id } = await store.stage(inChunks(await archiveOf(version)), new AbortController().signal);
    await store.checkProgram(id);
  };
  await check({ 'main.js': '-> lib/a.js' });
  await expect(check({ 'main.js': '-> lib/none.js' })).rejects.toMatchObject({ code: 'incomplete' });
});
