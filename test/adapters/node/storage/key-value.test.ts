import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as keyValue from '../../../../adapters/node/storage/key-value.ts';
import { keyValueContract } from '../../../contracts/key-value.ts';
import { temporaryFolder } from '../../../support/folder.ts';

const { createStore, get, keys, set, setMany } = keyValue;

keyValueContract('files on Node', keyValue, async () => createStore(await temporaryFolder(), 'store'));

test('a key is one file, in the folder of its store, and never elsewhere', async () => {
  const folder = await temporaryFolder();
  const store = createStore(join(folder, 'db'), '../store');
  for (const key of ['plain', '../up', 'a/b', '..', 'CON', 'A', 'x'.repeat(300)]) await set(key, key, store);
  expect(await readdir(folder)).toEqual(['db']);
  expect(await readdir(join(folder, 'db'))).toHaveLength(1);
  const names = await readdir(store.folder);
  expect(names).toHaveLength(7);
  expect(names).toEqual(expect.arrayContaining(['plain.json', '%43%4f%4e.json', '%41.json']));
  for (const name of names) {
    expect(name).toMatch(/^[a-z0-9_%.~-]+\.json$/);
    expect(Buffer.byteLength(name)).toBeLessThan(255);
  }
  expect(await readFile(join(store.folder, 'plain.json'), 'utf8')).toBe('"plain"\n');
});

test('what is there after a restart is what was set', async () => {
  const folder = await temporaryFolder();
  await set('a', { deep: [1] }, createStore(folder, 's'));
  expect(await get('a', createStore(folder, 's'))).toEqual({ deep: [1] });
});

test('files that are no keys are neither listed nor removed', async () => {
  const store = createStore(await temporaryFolder(), 's');
  await set('a', 1, store);
  const foreign = ['README', 'A.json', '%zz.json', '.pepeunit-1-0123456789abcdef.tmp'];
  for (const name of foreign) await writeFile(join(store.folder, name), '1');
  expect(await keys(store)).toEqual(['a']);
  await keyValue.clear(store);
  expect((await readdir(store.folder)).toSorted()).toEqual(foreign.toSorted());
});

test('files and folders are private whatever the umask (C3)', async () => {
  const before = process.umask(0);
  try {
    const store = createStore(join(await temporaryFolder(), 'new', 'db'), 's');
    await set('a', 1, store);
    expect((await stat(join(store.folder, 'a.json'))).mode & 0o777).toBe(0o600);
    for (const folder of [store.folder, join(store.folder, '..'), join(store.folder, '..', '..')]) {
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
    }
  } finally {
    process.umask(before);
  }
});

test.each([
  ['undefined', undefined],
  ['NaN', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['bytes', new Uint8Array(1)],
  ['a big integer', 1n],
  ['undefined in a list', [undefined]],
])('a value that JSON would change is refused: %s', async (_, value) => {
  const store = createStore(await temporaryFolder(), 's');
  await expect(set('a', value, store)).rejects.toMatchObject({ name: 'StorageError', code: 'unsupported' });
  expect(await keys(store)).toEqual([]);
});

test('setMany sets nothing when one value can’t be stored', async () => {
  const store = createStore(await temporaryFolder(), 's');
  const refused = setMany(
    [
      ['a', 1],
      ['b', () => undefined],
    ],
    store,
  );
  await expect(refused).rejects.toMatchObject({ code: 'unsupported' });
  expect(await keys(store)).toEqual([]);
});

test('a value that holds itself is refused', async () => {
  const store = createStore(await temporaryFolder(), 's');
  const ring: unknown[] = [];
  ring.push(ring);
  await expect(set('a', ring, store)).rejects.toMatchObject({ code: 'unsupported' });
});

test.each([[new Date(0)], [['a']], [new Uint8Array(1)], [Number.NaN]])(
  'a key that can’t name a file is refused: %s',
  async (key) => {
    const store = createStore(await temporaryFolder(), 's');
    await expect(get(key, store)).rejects.toMatchObject({ name: 'StorageError', code: 'unsupported' });
    await expect(setMany([[key, 1]], store)).rejects.toMatchObject({ code: 'unsupported' });
  },
);

test('a file that was damaged from outside is a clear error', async () => {
  const store = createStore(await temporaryFolder(), 's');
  await mkdir(store.folder, { recursive: true });
  await writeFile(join(store.folder, 'a.json'), '{"half":');
  await expect(get('a', store)).rejects.toMatchObject({ name: 'StorageError', code: 'malformed' });
});
