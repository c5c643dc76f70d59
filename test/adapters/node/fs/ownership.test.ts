import { chmod, chown, lstat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderFirmwareStore } from '../../../../adapters/node/firmware/store.ts';
import { takeLock } from '../../../../adapters/node/fs/lock.ts';
import { fileOutbox } from '../../../../adapters/node/outbox/outbox.ts';
import { createStore, set } from '../../../../adapters/node/storage/key-value.ts';
import { FileStorage } from '../../../../adapters/node/storage/storage.ts';
import { systemClock } from '../../../../adapters/shared/clock.ts';
import { defaultArchiveLimits } from '../../../../services/firmware.ts';
import { stored } from '../../../contracts/outbox.ts';
import { temporaryFolder } from '../../../support/folder.ts';
import { inChunks, tarOf, type TarEntry } from '../../../support/tar.ts';

const isRoot = process.getuid?.() === 0;
const user = { uid: 65_534, gid: 65_533 };

const modeOf = async (path: string): Promise<number> => (await lstat(path)).mode & 0o777;

const updated = async (folder: string, ...files: readonly TarEntry[]) => {
  const store = folderFirmwareStore({ folder, limits: defaultArchiveLimits });
  const { id } = await store.stage(inChunks(await tarOf(...files)), new AbortController().signal);
  await store.swap(id, { scope: 'everything', from: 'one', to: 'two', trial: { maxStarts: 1, healthyWithinMs: 1000 } });
  return store;
};

test('a document keeps the permissions that it has; one that is new is this user’s alone (C3)', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'env.json');
  await new FileStorage().writeJson(path, 1);
  expect(await modeOf(path)).toBe(0o600);
  for (const mode of [0o640, 0o644, 0o600]) {
    await chmod(path, mode);
    await new FileStorage().writeJson(path, mode);
    expect(await modeOf(path)).toBe(mode);
  }
  await chmod(path, 0o400);
  await new FileStorage().writeJson(path, 2);
  expect(await modeOf(path)).toBe(0o600);
});

test('an update keeps the permissions of the files that it replaces, and what is a program stays one (C3)', async () => {
  const folder = await temporaryFolder();
  for (const name of ['main.js', 'tool']) await writeFile(join(folder, name), 'old');
  await chmod(join(folder, 'main.js'), 0o640);
  await chmod(join(folder, 'tool'), 0o644);
  const store = await updated(folder, { name: 'main.js', text: 'new' }, { name: 'tool', text: 'new', mode: 0o755 });
  expect(await modeOf(join(folder, 'main.js'))).toBe(0o640);
  expect(await modeOf(join(folder, 'tool'))).toBe(0o755);
  await store.rollBack({ reason: 'a test' });
  expect(await modeOf(join(folder, 'tool'))).toBe(0o644);
});

const theirs = async () => {
  const folder = await temporaryFolder();
  await chown(folder, user.uid, user.gid);
  return folder;
};

/** Every path in a folder that is not the user's. */
const foreignIn = async (folder: string): Promise<string[]> => {
  const foreign: string[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    const { uid, gid } = await lstat(join(folder, name));
    if (uid !== user.uid || gid !== user.gid) foreign.push(name);
  }
  return foreign;
};

describe.skipIf(!isRoot)(`as the superuser${isRoot ? '' : ' (skipped: needs root)'}`, () => {
  test('a replaced file keeps its owner and permissions (C3)', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'env.json');
    await writeFile(path, '{}', { mode: 0o640 });
    await chown(path, user.uid, user.gid);
    await new FileStorage().writeJson(path, { a: 1 });
    expect(await lstat(path)).toMatchObject(user);
    expect(await modeOf(path)).toBe(0o640);
  });

  test('whatever a unit writes in a folder of somebody else is theirs (C3)', async () => {
    const folder = await theirs();
    const storage = new FileStorage();
    await storage.writeJson(join(folder, 'schema.json'), {});
    await storage.appendLines(join(folder, 'log.json'), ['{}'], 10);
    await storage.appendLines(join(folder, 'log.json'), ['{}'], 10);
    await set('key', 1, createStore(join(folder, 'data/deep'), 'store'));
    const outbox = fileOutbox({ folder: join(folder, '.pepeunit/outbox'), clock: systemClock() });
    await outbox.open();
    await outbox.append([stored(1, 'one')]);
    await outbox.deadLetter([{ message: stored(2, 'two'), reason: 'refused' }]);
    const lock = await takeLock({ path: join(folder, '.pepeunit/supervisor.json'), inUse: () => new Error('in use') });
    expect(await foreignIn(folder)).toEqual([]);
    expect(await readdir(join(folder, '.pepeunit/outbox'))).toHaveLength(3);
    await lock.release();
    await outbox.close();
  });

  test('an update in a folder of somebody else, its rollback and what is kept are theirs (C3)', async () => {
    const folder = await theirs();
    for (const name of ['main.js', 'mine.txt']) {
      await writeFile(join(folder, name), 'old', { mode: 0o640 });
      await chown(join(folder, name), user.uid, user.gid);
    }
    const store = await updated(folder, { name: 'main.js', text: 'new' }, { name: 'lib/deep/a.js', text: 'new' });
    expect((await foreignIn(folder)).filter((name) => !name.startsWith('.pepeunit/staging'))).toEqual([]);
    expect(await modeOf(join(folder, 'main.js'))).toBe(0o640);
    await store.rollBack({ reason: 'a test' });
    expect(await foreignIn(folder)).toEqual([]);
  });
});
