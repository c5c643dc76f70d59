import { IDBFactory } from 'fake-indexeddb';
import { createStore, entries } from 'idb-keyval';
import { expect, test, vi } from 'vitest';
import { browserOutbox } from '../../../adapters/browser/outbox.ts';
import type { DeadLetter } from '../../../services/outbox.ts';
import { outboxContract, stored } from '../../contracts/outbox.ts';

vi.stubGlobal('indexedDB', new IDBFactory());

let benches = 0;
const decoder = new TextDecoder();

const bench = () => {
  benches += 1;
  const name = `unit-${benches}`;
  const letters = createStore(`letters-${benches}`, 'letters');
  return { make: () => browserOutbox({ name, letters }), letters };
};

outboxContract('IndexedDB', async () => {
  const { make, letters } = bench();
  const dead = async () =>
    (await entries<string, DeadLetter>(letters)).map(([, { message }]) => decoder.decode(message.payload));
  return { outbox: make(), again: make, dead };
});

test('two pages that are open at once lose nothing and garble nothing', async () => {
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

test('the newest dead letters are kept, a hundred of them', async () => {
  const { make, letters } = bench();
  const outbox = make();
  await outbox.open();
  await outbox.setAside(
    Array.from({ length: 130 }, (_, index) => ({ message: stored(index + 1, 'x'), reason: 'refused' })),
  );
  const kept = (await entries<string, DeadLetter>(letters)).map(([, { message }]) => message.id);
  expect({ count: kept.length, oldest: Math.min(...kept) }).toEqual({ count: 100, oldest: 31 });
});

test('a database that refuses is a storage error with its cause', async () => {
  const refusal = new Error('quota');
  const refusing = () => Promise.reject(refusal);
  const outbox = browserOutbox({ name: 'x', store: refusing, letters: refusing });
  await expect(outbox.open()).rejects.toMatchObject({ name: 'StorageError', code: 'io', cause: refusal });
  await expect(outbox.append([stored(1, 'x')])).rejects.toMatchObject({ code: 'io', cause: refusal });
  outbox.remove([1]);
  await outbox.close();
});
