import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryStorage } from '../../../../adapters/memory/storage.ts';
import { FileStorage } from '../../../../adapters/node/storage/storage.ts';
import { FileLogSink } from '../../../../adapters/shared/log/file-log-sink.ts';
import type { Storage } from '../../../../services/storage.ts';
import { entry, logSinkContract } from '../../../contracts/log-sink.ts';
import { temporaryFolder } from '../../../support/folder.ts';

const path = 'log.json';

/** A sink over memory, with what is stored in it. */
const bench = (stored = '', limit = { lines: 64 }) => {
  const storage = memoryStorage(stored === '' ? {} : { [path]: stored });
  const sink = new FileLogSink({ storage, path, maxLines: () => limit.lines });
  const texts = () =>
    (storage.text(path) ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { text: string }).text);
  return { storage, sink, texts, limit };
};

logSinkContract('log.json in memory', async () => {
  const { storage, sink } = bench();
  return { sink, out: () => (storage.text(path) ?? '').split('\n').filter((line) => line !== '') };
});

logSinkContract('log.json in files', async () => {
  const storage = new FileStorage();
  const file = join(await temporaryFolder(), path);
  const out = async () => {
    const lines: string[] = [];
    for await (const line of storage.readLines(file)) lines.push(new TextDecoder().decode(line));
    return lines;
  };
  return { sink: new FileLogSink({ storage, path: file, maxLines: () => 64 }), out };
});

test('every entry is stored as it was given, whatever is in its text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { maxLength: 10 }), async (given) => {
      const { sink, texts } = bench();
      for (const text of given) sink.write(entry(text));
      await sink.flush();
      expect(texts()).toEqual(given);
    }),
  );
});

test('keeps the newest lines, as many as the limit says at that moment (L2)', async () => {
  const { sink, texts, limit } = bench('', { lines: 3 });
  for (const text of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) sink.write(entry(text));
  await sink.flush();
  expect(texts()).toEqual(['f', 'g', 'h']);
  limit.lines = 2;
  expect(await sink.lines()).toHaveLength(2);
  sink.write(entry('i'));
  await sink.flush();
  expect(texts()).toEqual(['h', 'i']);
  limit.lines = 0;
  sink.write(entry('j'));
  await sink.flush();
  expect(texts()).toEqual([]);
});

const line = (text: string): string => JSON.stringify(entry(text));

test('goes on from what is stored, without torn lines and what is no entry', async () => {
  const stored = [line('old'), '{"level":"Info","te', '[1]', 'null', '"x"', '{"text":"no level"}', line('newer'), ''];
  const { sink, texts } = bench(stored.join('\n'));
  sink.write(entry('now'));
  await sink.flush();
  expect(texts()).toEqual(['old', 'newer', 'now']);
  expect((await sink.lines()).map((text) => (JSON.parse(text) as { text: string }).text)).toEqual([
    'old',
    'newer',
    'now',
  ]);
});

test('entries of one moment go out together, and those of a save in the next', async () => {
  const { sink, storage } = bench();
  for (let n = 0; n < 500; n += 1) sink.write(entry(String(n)));
  await sink.flush();
  expect(storage.writes).toHaveLength(1);
  await sink.flush();
  expect(storage.writes).toHaveLength(1);
});

test('a disk that fails is told, throws nothing and loses nothing (L6)', async () => {
  const { sink, storage, texts } = bench();
  storage.failNext('write', new Error('disk full'));
  sink.write(entry('kept'));
  await sink.flush();
  expect(sink.failure).toMatchObject({ name: 'StorageError', code: 'io' });
  expect(await sink.lines()).toHaveLength(1);
  sink.write(entry('next'));
  await sink.flush();
  expect(texts()).toEqual(['kept', 'next']);
  expect(sink.failure).toBeUndefined();
});

test('a log that can’t be read for a moment is not overwritten', async () => {
  const { sink, storage, texts } = bench(`${JSON.stringify(entry('old'))}\n`);
  storage.failNext('read', new Error('busy'));
  sink.write(entry('new'));
  await sink.flush();
  expect(texts()).toEqual(['old']);
  await sink.flush();
  expect(texts()).toEqual(['old', 'new']);
});

test.each([
  ['torn', `${line('старая 🏠')}\n{"level":"Info","te`],
  ['whole', `${line('старая 🏠')}\n`],
])('a log that is %s is read once while the disk takes no write, and loses nothing (L6)', async (_, stored) => {
  const { storage, texts } = bench(stored);
  let reads = 0;
  const counting: Storage = {
    ...storage,
    readLines: (name) => {
      reads += 1;
      return storage.readLines(name);
    },
  };
  const sink = new FileLogSink({ storage: counting, path, maxLines: () => 64 });
  for (let n = 0; n < 20; n += 1) {
    storage.failNext('write', new Error('disk full'));
    sink.write(entry(`new ${n}`));
    await sink.flush();
    expect(sink.failure).toMatchObject({ code: 'io' });
  }
  expect(reads).toBe(1);
  expect(await sink.lines()).toHaveLength(21);
  sink.write(entry('last'));
  await sink.flush();
  expect(texts()).toEqual(['старая 🏠', ...Array.from({ length: 20 }, (__, n) => `new ${n}`), 'last']);
  expect(reads).toBe(2);
});

test('a torn log that was cleared while the disk took no write does not come back', async () => {
  const { sink, storage, texts } = bench(`${line('old')}\n{"level":"Info","te`);
  storage.failNext('write', new Error('disk full'));
  sink.write(entry('before'));
  await sink.flush();
  storage.failNext('write', new Error('disk full'));
  await sink.clear();
  sink.write(entry('after'));
  await sink.flush();
  expect(texts()).toEqual(['after']);
});

test('clear removes what was written and stored, and nothing that comes later', async () => {
  const { sink, texts } = bench(`${JSON.stringify(entry('stored'))}\n`);
  sink.write(entry('before'));
  const cleared = sink.clear();
  sink.write(entry('after'));
  await cleared;
  await sink.flush();
  expect(texts()).toEqual(['after']);
  await sink.clear();
  expect(texts()).toEqual([]);
  expect(await sink.lines()).toEqual([]);
});

test('an entry is told once by lines(), whatever is written meanwhile', async () => {
  const { sink } = bench(`${line('stored')}\n`);
  const told: Promise<string[]>[] = [];
  for (let n = 0; n < 20; n += 1) {
    sink.write(entry(String(n)));
    told.push(sink.lines());
    for (let turn = 0; turn < n % 5; turn += 1) await Promise.resolve();
  }
  const all = await Promise.all(told);
  for (const [n, lines] of all.entries()) {
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines).toEqual(expect.arrayContaining([line('stored'), line(String(n))]));
  }
  expect(all.at(-1)).toHaveLength(21);
});

test('clear brings nothing back, at whatever point of a save that fails', async () => {
  for (let turns = 0; turns < 20; turns += 1) {
    const { sink, storage, texts } = bench(`${line('stored')}\n`);
    storage.failNext('write', new Error('disk full'));
    sink.write(entry('before'));
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    await sink.clear();
    await sink.flush();
    expect(texts()).toEqual([]);
  }
});

test('two sinks one after the other continue one log', async () => {
  const storage = memoryStorage();
  for (const text of ['first', 'second']) {
    const sink = new FileLogSink({ storage, path, maxLines: () => 64 });
    sink.write(entry(text));
    await sink.flush();
  }
  const sink = new FileLogSink({ storage, path, maxLines: () => 64 });
  expect(await sink.lines()).toHaveLength(2);
});

test('memory stays bounded while nothing can be stored', async () => {
  const { sink, storage } = bench('', { lines: 10 });
  for (let n = 0; n < 5000; n += 1) {
    storage.failNext('write', new Error('disk full'));
    sink.write(entry(String(n)));
  }
  await sink.flush();
  expect(await sink.lines()).toHaveLength(10);
});

test('an entry that can’t be written as JSON is left out, and throws nothing (L6)', async () => {
  const { sink, texts } = bench();
  sink.write({ ...entry('x'), text: 1n as unknown as string });
  sink.write(entry('good'));
  await sink.flush();
  expect(texts()).toEqual(['good']);
});
