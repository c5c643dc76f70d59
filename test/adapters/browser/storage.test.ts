import { IDBFactory } from 'fake-indexeddb';
import { createStore } from 'idb-keyval';
import { expect, test, vi } from 'vitest';
import { browserStorage } from '../../../adapters/browser/storage.ts';
import { storageContract } from '../../contracts/storage.ts';

vi.stubGlobal('indexedDB', new IDBFactory());

let benches = 0;

storageContract('IndexedDB', async () => {
  benches += 1;
  const prefix = `unit-${benches}`;
  return { storage: browserStorage(), at: (name) => `${prefix}/${name}` };
});

test('what another page wrote is there', async () => {
  const database = `shared-${(benches += 1)}`;
  await browserStorage({ store: createStore(database, 's') }).writeJson('env.json', { a: 1 });
  expect(await browserStorage({ store: createStore(database, 's') }).readJson('env.json')).toEqual({ a: 1 });
});

test('a database that refuses is a storage error with its cause', async () => {
  const refusal = new Error('quota');
  const storage = browserStorage({ store: () => Promise.reject(refusal) });
  await expect(storage.writeJson('env.json', {})).rejects.toMatchObject({ code: 'io', cause: refusal });
  await expect(storage.readJson('env.json')).rejects.toMatchObject({ code: 'io', cause: refusal });
});
