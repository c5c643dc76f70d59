import { expect, test } from 'vitest';
import { keptPaths } from '../../../../adapters/shared/archive/kept-paths.ts';
import { inChunks } from '../../../support/tar.ts';
import { archiveOf, folder, newFiles, order, put, textsIn, unit } from './unit-folder.ts';

test.each(['.git', '.GIT', '.Git', 'node_modules', 'Node_Modules'])(
  'an update neither installs nor replaces %s, whatever its case: many disks ignore that (U18)',
  async (name) => {
    const { disk, store } = await unit();
    const { signal } = new AbortController();
    const archive = await archiveOf({
      ...newFiles,
      [`${name}/config`]: 'https://token@host',
      [`lib/${name}`]: 'a file',
    });
    await put(disk, `${folder}/.GIT/config`, 'mine');
    await store.swap((await store.stage(inChunks(archive), signal)).id, order);
    expect(await textsIn(disk)).toEqual({ ...newFiles, [`lib/${name}`]: 'a file', '.GIT/config': 'mine' });
    expect([name, `${name}/a/b`, `lib/${name}`, `${name}x`].map(keptPaths(['data']))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  },
);
