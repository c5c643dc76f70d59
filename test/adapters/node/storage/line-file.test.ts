import * as files from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostFs, type DurableFs } from '../../../../adapters/node/fs/file-system.ts';
import { hostLineFs, type LineFs } from '../../../../adapters/node/storage/line-file.ts';
import { FileStorage } from '../../../../adapters/node/storage/storage.ts';
import { FileLogSink } from '../../../../adapters/shared/log/file-log-sink.ts';
import { entry } from '../../../contracts/log-sink.ts';
import { temporaryFolder } from '../../../support/folder.ts';

/** Every step of every write, in front of the host's file system: `step` sees each write's bytes, and may fail it. */
const stepped = (step: (bytes: number) => number | undefined): { fs: DurableFs; lineFs: LineFs } => ({
  fs: {
    ...hostFs,
    open: async (path, flags, mode) => {
      const handle = await hostFs.open(path, flags, mode);
      return {
        chmod: (bits) => handle.chmod(bits),
        chown: (uid, gid) => handle.chown(uid, gid),
        sync: () => handle.sync(),
        close: () => handle.close(),
        writeFile: async (content) => {
          step((content as Uint8Array).length);
          await handle.writeFile(content);
        },
      };
    },
  },
  lineFs: {
    open: async (path, flags, mode) => {
      const handle = await hostLineFs.open(path, flags, mode);
      return {
        chown: (uid, gid) => handle.chown(uid, gid),
        stat: () => handle.stat(),
        truncate: async (size) => {
          step(0);
          await handle.truncate(size);
        },
        datasync: () => handle.datasync(),
        close: () => handle.close(),
        write: async (bytes, offset, length, position) => {
          const whole = step(length) ?? length;
          const result = await handle.write(bytes, offset, whole, position);
          if (whole < length) step(0);
          return result;
        },
      };
    },
  },
});

const killed = () => new Error('killed');

/** A process that is killed before its write number `after`, `torn` bytes of which still get out. */
const mortal = (after: number, torn = 0) => {
  let steps = 0;
  return stepped((bytes) => {
    steps += 1;
    if (steps > after + 1 || (steps > after && torn === 0)) throw killed();
    return steps > after ? Math.min(torn, bytes) : undefined;
  });
};

const linesIn = async (path: string): Promise<string[]> => {
  const text = await files.readFile(path, 'utf8').catch(() => '');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text.split('\n').slice(0, -1);
};
const textsOf = (lines: readonly string[]) => lines.map((line) => Number((JSON.parse(line) as { text: string }).text));

const lives = fc.array(
  fc.record({
    entries: fc.integer({ min: 1, max: 30 }),
    after: fc.integer({ min: 0, max: 60 }),
    torn: fc.integer({ min: 1, max: 120 }),
  }),
  { minLength: 1, maxLength: 5 },
);

/** One life of a process that logs: numbers go on from `first`, and some wait until they are stored. */
const live = async (path: string, most: number, first: number, entries: number, parts: ReturnType<typeof mortal>) => {
  const sink = new FileLogSink({ storage: new FileStorage(parts), path, maxLines: () => most });
  for (let n = 0; n < entries; n += 1) {
    sink.write(entry(String(first + n)));
    if (n % 3 > 0) await sink.flush();
  }
  await sink.flush();
  return sink;
};

const isRising = (numbers: readonly number[]) =>
  numbers.every((n, index) => index === 0 || n > (numbers[index - 1] ?? 0));

test('any interleaving of entries and kills leaves log.json valid, within its limit, and the newest in order (L2)', async () => {
  let kills = 0;
  await fc.assert(
    fc.asyncProperty(lives, fc.integer({ min: 1, max: 12 }), async (all, most) => {
      const path = join(await temporaryFolder(), 'log.json');
      let written = 0;
      for (const { entries, after } of all) {
        const sink = await live(path, most, written, entries, mortal(after));
        written += entries;
        const stored = textsOf(await linesIn(path));
        expect(stored.length).toBeLessThanOrEqual(most);
        expect(isRising(stored)).toBe(true);
        const isKilled = sink.failure !== undefined;
        if (isKilled) kills += 1;
        const newest = lastOf(written, Math.min(most, entries));
        expect(isKilled ? newest : stored.slice(-entries)).toEqual(newest);
      }
    }),
    { numRuns: 60, seed: 4 },
  );
  expect(kills).toBeGreaterThan(20);
});

const lastOf = (end: number, count: number) => Array.from({ length: count }, (_, index) => end - count + index);

test('a write that was torn by a power cut is cut at the next start (L2)', async () => {
  await fc.assert(
    fc.asyncProperty(lives, fc.integer({ min: 2, max: 12 }), async (all, most) => {
      const path = join(await temporaryFolder(), 'log.json');
      let written = 0;
      for (const { entries, after, torn } of all) {
        await live(path, most, written, entries, mortal(after, torn));
        written += entries + 1;
        await live(
          path,
          most,
          written - 1,
          1,
          stepped(() => undefined),
        );
        const stored = textsOf(await linesIn(path));
        expect(stored.length).toBeLessThanOrEqual(most);
        expect(isRising(stored)).toBe(true);
        expect(stored.at(-1)).toBe(written - 1);
      }
    }),
    { numRuns: 60, seed: 4 },
  );
});

test('a disk that is full takes nothing half, loses nothing, and is told once; it goes on when there is room (L6)', async () => {
  const path = join(await temporaryFolder(), 'log.json');
  let isFull = false;
  const parts = stepped((bytes) => {
    if (isFull && bytes > 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    return undefined;
  });
  const told: unknown[] = [];
  const onFailure = (thrown: unknown) => told.push(thrown);
  const sink = new FileLogSink({ storage: new FileStorage(parts), path, maxLines: () => 8, onFailure });
  const log = async (...numbers: number[]) => {
    for (const n of numbers) {
      sink.write(entry(String(n)));
      await sink.flush();
    }
  };
  await log(0, 1, 2, 3);
  isFull = true;
  await log(4, 5, 6);
  expect(textsOf(await linesIn(path))).toEqual([0, 1, 2, 3]);
  expect(told).toEqual([expect.objectContaining({ name: 'StorageError', code: 'io' })]);
  expect(await sink.lines()).toHaveLength(7);
  isFull = false;
  await log(7);
  expect(textsOf(await linesIn(path))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  await log(8, 9);
  expect(textsOf(await linesIn(path))).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  isFull = true;
  await log(10);
  expect(told).toHaveLength(2);
});

test('an entry costs about three lines of writing, however long the log is (L2)', async () => {
  for (const most of [64, 1000]) {
    const path = join(await temporaryFolder(), 'log.json');
    let bytes = 0;
    const count = (length: number) => {
      bytes += length;
      return undefined;
    };
    const sink = new FileLogSink({ storage: new FileStorage(stepped(count)), path, maxLines: () => most });
    const text = 'x'.repeat(100);
    for (let n = 0; n < most; n += 1) sink.write(entry(text));
    await sink.flush();
    bytes = 0;
    const entries = 3000;
    for (let n = 0; n < entries; n += 1) {
      sink.write(entry(text));
      await sink.flush();
    }
    const line = JSON.stringify(entry(text)).length + 1;
    expect(bytes / entries / line).toBeLessThan(3.2);
    expect((await files.stat(path)).size).toBeLessThan(2 * Math.max(most * line, 16 * 1024) + 64 * line);
  }
});

test('the first lines go straight into a new file, for this user alone, in folders that are made for it (C3)', async () => {
  const path = join(await temporaryFolder(), 'logs', 'log.json');
  const noTemporaries: DurableFs = { ...hostFs, rename: () => Promise.reject(new Error('no file is replaced')) };
  const storage = new FileStorage({ fs: noTemporaries });
  await storage.appendLines(path, ['"1"', '"2"'], 3);
  await storage.appendLines(path, ['"3"', '"4"'], 3);
  expect(await linesIn(path)).toEqual([expect.stringMatching(/^ +"2"$/), '"3"', '"4"']);
  expect((await files.stat(path)).mode & 0o777).toBe(0o600);
  expect((await files.stat(join(path, '..'))).mode & 0o777).toBe(0o700);
});

test('a link that leads nowhere is replaced by the first lines', async () => {
  const path = join(await temporaryFolder(), 'log.json');
  await files.symlink('/nowhere/at/all', path);
  await new FileStorage().appendLines(path, ['"1"'], 3);
  expect((await files.lstat(path)).isFile()).toBe(true);
  expect(await linesIn(path)).toEqual(['"1"']);
});

test('a file that another program has changed meanwhile is taken as it is', async () => {
  const path = join(await temporaryFolder(), 'log.json');
  const storage = new FileStorage();
  for (const n of [1, 2, 3]) await storage.appendLines(path, [String(n)], 2);
  await files.appendFile(path, '8\n');
  await storage.appendLines(path, ['9'], 3);
  expect(await linesIn(path)).toEqual(['3', '8', '9']);
  await files.rm(path);
  await storage.appendLines(path, ['10'], 3);
  expect(await linesIn(path)).toEqual(['10']);
});
