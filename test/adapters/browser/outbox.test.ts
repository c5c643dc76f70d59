import { IDBFactory } from 'fake-indexeddb';
import { clear, createStore, entries, type UseStore } from 'idb-keyval';
import { expect, onTestFinished, test, vi } from 'vitest';
import { browserOutbox } from '../../../adapters/browser/outbox.ts';
import type { PageLocks } from '../../../adapters/browser/page-lock.ts';
import type { DeadLetter } from '../../../services/outbox.ts';
import { outboxContract, stored } from '../../contracts/outbox.ts';

vi.stubGlobal('indexedDB', new IDBFactory());

let benches = 0;
const decoder = new TextDecoder();

const bench = () => {
  benches += 1;
  const name = `unit-${benches}`;
  const letters = createStore(`letters-${benches}`, 'letters');
  return { make: (locks: PageLocks | null = null) => browserOutbox({ name, letters, locks }), letters, name };
};

/** Locks as a browser has them, for pages of one origin. */
const pageLocks = (): PageLocks => {
  const taken = new Set<string>();
  const request = async (name: string, _: LockOptions, hold: (lock: Lock | null) => unknown) => {
    if (taken.has(name)) return hold(null);
    taken.add(name);
    try {
      return await hold({ name, mode: 'exclusive' });
    } finally {
      taken.delete(name);
    }
  };
  return { request } as PageLocks;
};

outboxContract('IndexedDB, with Web Locks', async () => {
  const { make, letters } = bench();
  const locks = pageLocks();
  const dead = async () =>
    (await entries<string, DeadLetter>(letters)).map(([, { message }]) => decoder.decode(message.payload));
  return { outbox: make(locks), again: () => make(locks), dead };
});

outboxContract('IndexedDB', async () => {
  const { make, letters } = bench();
  const dead = async () =>
    (await entries<string, DeadLetter>(letters)).map(([, { message }]) => decoder.decode(message.payload));
  return { outbox: make(), again: () => make(), dead };
});

test('two pages that are open at once, without locks, lose nothing and garble nothing', async () => {
  const { make } = bench();
  const [one, two] = [make(), make()];
  await Promise.all([one.open(), two.open()]);
  await one.append([stored(1, 'one'), stored(2, 'two')]);
  await two.append([stored(1, 'other')]);
  one.remove([1]);
  await one.close();
  const next = make();
  const { messages } = await next.open();
  expect(messages.map(({ payload }) => decoder.decode(payload)).toSorted()).toEqual(['other', 'two']);
  expect(new Set(messages.map(({ id }) => id)).size).toBe(2);
  next.remove(messages.map(({ id }) => id));
  await next.close();
  expect((await make().open()).messages).toEqual([]);
});

test('of two pages the second is told so, and gets the outbox when the first is closed', async () => {
  const { make } = bench();
  const locks = pageLocks();
  const [one, two] = [make(locks), make(locks)];
  await one.open();
  await one.append([stored(1, 'one')]);
  await expect(two.open()).rejects.toMatchObject({ name: 'StorageError', code: 'io', message: /another page/ });
  await one.close();
  expect((await two.open()).messages).toHaveLength(1);
  await expect(one.open()).rejects.toMatchObject({ message: /another page/ });
  await two.close();
  await one.open();
  await one.close();
});

test('data that is cleared while the page is open is told as lost, and can be written again (S11)', async () => {
  const { make, name } = bench();
  const locks = pageLocks();
  const outbox = make(locks);
  await outbox.open();
  await outbox.append([stored(1, 'one'), stored(2, 'two')]);
  await clear(createStore(`pepeunit outbox ${name}`, 'messages'));
  await expect(outbox.append([stored(3, 'three')])).rejects.toMatchObject({ name: 'StorageError', code: 'lost' });
  await outbox.append([stored(1, 'one'), stored(2, 'two'), stored(3, 'three')]);
  await outbox.close();
  const next = make(locks);
  expect((await next.open()).messages.map(({ id }) => id)).toEqual([1, 2, 3]);
  await next.close();
});

test('a transaction that is aborted keeps none of its messages, and the next one works', async () => {
  const inner = createStore('aborting', 'messages');
  const state = { aborts: false };
  const store: UseStore = (mode, callback) =>
    inner(mode, (records) => {
      const result = callback(records);
      if (state.aborts) records.transaction.abort();
      return result;
    });
  const outbox = browserOutbox({ name: 'aborting', store, locks: null });
  await outbox.open();
  state.aborts = true;
  await expect(outbox.append([stored(1, 'x'), stored(2, 'x')])).rejects.toMatchObject({ code: 'io' });
  state.aborts = false;
  await outbox.append([stored(3, 'x')]);
  expect((await browserOutbox({ name: 'aborting', store, locks: null }).open()).messages).toMatchObject([{ id: 3 }]);
});

test('where a page may store nothing, such as in private mode, it is a storage error', async () => {
  vi.stubGlobal('indexedDB', undefined);
  onTestFinished(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
  const { make } = bench();
  await expect(make().open()).rejects.toMatchObject({ name: 'StorageError', code: 'io', message: /may store data/ });
});

test('locks that the browser refuses are a storage error, and it can be opened later', async () => {
  const refusal = new DOMException('insecure', 'SecurityError');
  const locks = pageLocks();
  const refusing: { request: unknown } = { request: () => Promise.reject(refusal) };
  const { make } = bench();
  const outbox = make(refusing as PageLocks);
  await expect(outbox.open()).rejects.toMatchObject({ name: 'StorageError', code: 'io', cause: refusal });
  refusing.request = locks.request;
  await outbox.open();
  await outbox.close();
});

test('the newest dead letters are kept, a hundred of them', async () => {
  const { make, letters } = bench();
  const outbox = make();
  await outbox.open();
  await outbox.deadLetter(
    Array.from({ length: 130 }, (_, index) => ({ message: stored(index + 1, 'x'), reason: 'refused' })),
  );
  const kept = (await entries<string, DeadLetter>(letters)).map(([, { message }]) => message.id);
  expect({ count: kept.length, oldest: Math.min(...kept) }).toEqual({ count: 100, oldest: 31 });
});

test('a database that refuses is a storage error with its cause', async () => {
  const refusal = new Error('quota');
  const refusing = () => Promise.reject(refusal);
  const outbox = browserOutbox({ name: 'x', store: refusing, letters: refusing, locks: null });
  await expect(outbox.open()).rejects.toMatchObject({ name: 'StorageError', code: 'io', cause: refusal });
  await expect(outbox.append([stored(1, 'x')])).rejects.toMatchObject({ code: 'io', cause: refusal });
  outbox.remove([1]);
  await outbox.close();
});
