import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeClock } from '../../../../adapters/memory/clock.ts';
import { ownPlace } from '../../../../adapters/node/fs/process-identity.ts';
import { hostOutboxFs, type OutboxFs } from '../../../../adapters/node/outbox/segments.ts';
import { fileOutbox, type FileOutboxOptions } from '../../../../adapters/node/outbox/outbox.ts';
import { systemClock } from '../../../../adapters/shared/clock.ts';
import type { Outbox } from '../../../../services/outbox.ts';
import { outboxContract, stored } from '../../../contracts/outbox.ts';
import { until } from '../../../support/until.ts';
import { temporaryFolder } from '../../../support/folder.ts';

const at = async (changes: Partial<FileOutboxOptions> = {}) => {
  const folder = join(await temporaryFolder(), 'unit', '.pepeunit', 'outbox');
  const make = (): Outbox => fileOutbox({ folder, clock: systemClock(), ...changes });
  return { folder, make };
};

const segmentsIn = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.log')).toSorted();

const bytesIn = async (folder: string): Promise<number> => {
  // A file may go while the others are looked at.
  const sizeOf = async (name: string) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0;
  const sizes = await Promise.all((await readdir(folder)).map(sizeOf));
  return sizes.reduce((sum, size) => sum + size, 0);
};

const textOf = (line: string) => Buffer.from((JSON.parse(line) as { payload: string }).payload, 'base64').toString();

for (const segmentBytes of [256 * 1024, 200]) {
  outboxContract(`in files, ${segmentBytes} bytes a segment`, async () => {
    const { folder, make } = await at({ segmentBytes });
    const lines = async () => (await readFile(join(folder, 'dead.ndjson'), 'utf8')).trim().split('\n');
    return { outbox: make(), again: make, dead: async () => (await lines()).map(textOf) };
  });
}

test('folders and files are for this user alone, whatever the umask (S12, C3)', async () => {
  const umask = process.umask(0);
  try {
    const { folder, make } = await at();
    const outbox = make();
    await outbox.open();
    await outbox.append([stored(1, 'x')]);
    await outbox.deadLetter([{ message: stored(1, 'x'), reason: 'refused' }]);
    for (const path of [folder, join(folder, '..')]) expect((await stat(path)).mode & 0o777).toBe(0o700);
    const names = await readdir(folder);
    expect(names.length).toBeGreaterThanOrEqual(3);
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    await outbox.close();
  } finally {
    process.umask(umask);
  }
});

test('an outbox with nothing in it leaves nothing behind', async () => {
  const { folder, make } = await at();
  const outbox = make();
  await outbox.open();
  await outbox.append([stored(1, 'x')]);
  outbox.remove([1]);
  await outbox.close();
  await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a torn tail is cut off at the start, and what comes after it is read again (S4)', async () => {
  const { folder, make } = await at();
  const first = make();
  await first.open();
  await first.append([stored(1, 'one'), stored(2, 'two')]);
  await first.close();
  const [name = ''] = await segmentsIn(folder);
  const path = join(folder, name);
  const { size } = await stat(path);
  await truncate(path, size - 3);
  const second = make();
  expect(await second.open()).toMatchObject({ messages: [{ id: 1 }], damaged: 0 });
  await second.append([stored(2, 'again')]);
  await second.close();
  const third = make();
  expect((await third.open()).messages.map(({ id }) => id)).toEqual([1, 2]);
  await third.close();
});

test('a damaged record is counted and put aside, the others are kept', async () => {
  const { folder, make } = await at();
  const first = make();
  await first.open();
  await first.append([stored(1, 'one'), stored(2, 'DAMAGED'), stored(3, 'three')]);
  await first.close();
  const [name = ''] = await segmentsIn(folder);
  const bytes = await readFile(join(folder, name));
  bytes.write('d', bytes.indexOf('DAMAGED'));
  await writeFile(join(folder, name), bytes);
  const second = make();
  expect(await second.open()).toMatchObject({ messages: [{ id: 1 }, { id: 3 }], damaged: 1 });
  expect((await readFile(join(folder, 'damaged.bin'))).includes('dAMAGED')).toBe(true);
  await second.close();
});

test('names that are not its own are left alone', async () => {
  const { folder, make } = await at();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'notes.txt'), 'mine');
  const outbox = make();
  await outbox.open();
  await outbox.close();
  expect(await readdir(folder)).toEqual(['notes.txt']);
});

const lockOf = (pid: number, since: string | null) => JSON.stringify({ holder: { pid, since, place: ownPlace } });

test.each([
  ['a process that has ended', lockOf(999999999, null)],
  ['an earlier process with this one’s id', lockOf(process.pid, '1')],
  ['a process whose id was given out again', lockOf(1, '1')],
  ['nobody', ''],
  ['nobody, torn', '{"holder":{"pid":1'],
])('the lock of %s is taken over', async (_, text) => {
  const { folder, make } = await at();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'lock'), text);
  const outbox = make();
  await outbox.open();
  await outbox.append([stored(1, 'x')]);
  await outbox.close();
  expect(await readdir(folder)).toEqual(await segmentsIn(folder));
});

/** The host's file system, with a note of each operation; a write fails for as long as there is an error to give. */
const traced = () => {
  const calls: string[] = [];
  const state: { failure: Error | undefined; short: boolean } = { failure: undefined, short: false };
  const fs: OutboxFs = {
    unlink: async (path) => {
      calls.push('unlink');
      await hostOutboxFs.unlink(path);
    },
    open: async (path, flags, mode) => {
      calls.push('open');
      const handle = await hostOutboxFs.open(path, flags, mode);
      return {
        write: async (bytes, offset, length, position) => {
          calls.push('write');
          if (state.failure) {
            if (state.short) await handle.write(bytes, offset, Math.floor(length / 2), position);
            throw state.failure;
          }
          return handle.write(bytes, offset, length, position);
        },
        truncate: (length) => handle.truncate(length),
        chown: (uid, gid) => handle.chown(uid, gid),
        datasync: async () => {
          calls.push('sync');
          await handle.datasync();
        },
        close: () => handle.close(),
      };
    },
  };
  return { fs, calls, state };
};

test('it is synced at most once a second, and not when nothing was written (S9)', async () => {
  const clock = fakeClock();
  const { fs, calls } = traced();
  const { make } = await at({ clock, fs });
  const outbox = make();
  await outbox.open();
  for (let id = 1; id <= 30; id += 1) {
    await outbox.append([stored(id, 'x')]);
    clock.advance(100);
  }
  await until(() => calls.filter((call) => call === 'sync').length >= 3);
  clock.advance(60_000);
  await outbox.append([stored(31, 'x')]);
  const syncs = calls.filter((call) => call === 'sync').length;
  expect(syncs).toBeLessThanOrEqual(4);
  await outbox.close();
  expect(calls.lastIndexOf('sync')).toBeGreaterThan(calls.lastIndexOf('write'));
  expect(clock.pending).toBe(0);
});

test('a disk that is full fails the append with a clear error, and nothing garbled is left (S11)', async () => {
  const { fs, state } = traced();
  const { make } = await at({ fs });
  const outbox = make();
  await outbox.open();
  await outbox.append([stored(1, 'one')]);
  state.failure = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  state.short = true;
  const failing = outbox.append([stored(2, 'two'.repeat(50)), stored(3, 'three')]);
  await expect(failing).rejects.toMatchObject({ name: 'StorageError', code: 'io', message: /ENOSPC/ });
  state.failure = undefined;
  await outbox.append([stored(4, 'four')]);
  await outbox.close();
  const next = make();
  expect(await next.open()).toMatchObject({ messages: [{ id: 1 }, { id: 4 }], damaged: 0 });
  await next.close();
});

test('on disk it all takes about twice what is kept, however much has passed through (S1)', async () => {
  const { folder, make } = await at({ segmentBytes: 4_096, removeEveryMs: 1 });
  const outbox = make();
  await outbox.open();
  await outbox.append([stored(1, 'an old one that stays')]);
  let most = 0;
  for (let id = 2; id <= 3_000; id += 1) {
    await outbox.append([stored(id, 'x'.repeat(100))]);
    outbox.remove([id - 1 > 1 ? id - 1 : 0]);
    if (id % 50 === 0) most = Math.max(most, await bytesIn(folder));
  }
  expect(most).toBeLessThan(5 * 4_096);
  await outbox.close();
  const next = make();
  expect((await next.open()).messages.map(({ id }) => id)).toEqual([1, 3_000]);
  await next.close();
});

test('a hundred thousand messages are kept in few writes, and all found again', async () => {
  const { fs, calls } = traced();
  const { folder, make } = await at({ fs });
  const outbox = make();
  await outbox.open();
  const ids = Array.from({ length: 100_000 }, (_, index) => index + 1);
  for (let from = 0; from < ids.length; from += 1_000) {
    await outbox.append(ids.slice(from, from + 1_000).map((id) => stored(id, 'x')));
  }
  await outbox.close();
  expect(calls.filter((call) => call === 'write')).toHaveLength(100);
  expect(await bytesIn(folder)).toBeLessThan(100_000 * 64);
  const next = make();
  const { messages, damaged } = await next.open();
  expect({ ids: messages.map(({ id }) => id), damaged }).toEqual({ ids, damaged: 0 });
  await next.close();
});

test('many short runs do not leave many files', async () => {
  const { folder, make } = await at();
  for (let id = 1; id <= 60; id += 1) {
    const outbox = make();
    await outbox.open();
    await outbox.append([stored(id, 'x')]);
    await outbox.close();
  }
  expect((await segmentsIn(folder)).length).toBeLessThan(12);
  const last = make();
  expect((await last.open()).messages).toHaveLength(60);
  await last.close();
});

test('dead letters are bounded', async () => {
  const { folder, make } = await at();
  const outbox = make();
  await outbox.open();
  for (let id = 1; id <= 30; id += 1) {
    await outbox.deadLetter([{ message: stored(id, 'x'.repeat(100_000)), reason: 'refused', reasonCode: 0x87 }]);
  }
  expect(await bytesIn(folder)).toBeLessThan(2 * 1024 * 1024);
  await outbox.close();
});
