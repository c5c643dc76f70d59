import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type * as idbKeyval from 'idb-keyval';

/** idb-keyval's functions, bound to stores of their own kind. */
export interface KeyValue<TStore> {
  get<T>(key: IDBValidKey, store?: TStore): Promise<T | undefined>;
  getMany<T>(keys: IDBValidKey[], store?: TStore): Promise<(T | undefined)[]>;
  set(key: IDBValidKey, value: unknown, store?: TStore): Promise<void>;
  setMany(entries: [IDBValidKey, unknown][], store?: TStore): Promise<void>;
  update<T>(key: IDBValidKey, updater: (oldValue: T | undefined) => T, store?: TStore): Promise<void>;
  del(key: IDBValidKey, store?: TStore): Promise<void>;
  delMany(keys: IDBValidKey[], store?: TStore): Promise<void>;
  clear(store?: TStore): Promise<void>;
  keys<K extends IDBValidKey>(store?: TStore): Promise<K[]>;
  values<T>(store?: TStore): Promise<T[]>;
  entries<K extends IDBValidKey, T>(store?: TStore): Promise<[K, T][]>;
}

/** Every name that idb-keyval has for using a store is in the contract. */
type Missing = Exclude<keyof typeof idbKeyval, keyof KeyValue<never> | 'createStore' | 'promisifyRequest'>;
const missing: Missing[] = [];

const oddKeys = [
  '',
  ' ',
  '.',
  '..',
  '../up',
  'a/b',
  'a\\b',
  '/etc/passwd',
  'CON',
  'con',
  'nul.json',
  'com1',
  'key',
  'KEY',
  'key.json',
  '.hidden',
  '%41',
  '%',
  '#1',
  '~',
  'trailing.',
  'null\0byte',
  'line\nfeed',
  'héé',
  '日本語',
  '🌡️',
  '\ud800',
  '__proto__',
  'constructor',
  'x'.repeat(300),
  'X'.repeat(300),
  '温'.repeat(300),
  0,
  1,
  -1.5,
  1e21,
  Number.POSITIVE_INFINITY,
  '1',
];

const oddValues = [
  null,
  false,
  0,
  -0,
  '',
  '\ud800',
  [],
  {},
  [[]],
  { a: { b: [1, null] } },
  JSON.parse('{"__proto__":1}'),
];

/**
 * What every key-value adapter does.
 *
 * @param freshStore A store with nothing in it, another at each call.
 */
export const keyValueContract = <TStore>(
  name: string,
  kv: KeyValue<TStore>,
  freshStore: () => Promise<TStore>,
): void => {
  describe(`key-value: ${name}`, () => {
    test('has every function of idb-keyval', () => {
      expect(missing).toEqual([]);
      expect(Object.keys(kv)).toEqual(
        expect.arrayContaining(['get', 'set', 'setMany', 'getMany', 'update', 'del', 'delMany', 'clear', 'keys']),
      );
    });

    test('a key that was never set has no value', async () => {
      const store = await freshStore();
      expect(await kv.get('nothing', store)).toBeUndefined();
      expect(await kv.getMany(['a', 'b'], store)).toEqual([undefined, undefined]);
      expect(await kv.keys(store)).toEqual([]);
    });

    test('set then get is the identity for every JSON value', async () => {
      const store = await freshStore();
      await fc.assert(
        fc.asyncProperty(fc.jsonValue(), async (value) => {
          await kv.set('value', value, store);
          expect(await kv.get('value', store)).toStrictEqual(value);
        }),
        { numRuns: 60 },
      );
      for (const value of oddValues) {
        await kv.set('value', value, store);
        expect(await kv.get('value', store)).toStrictEqual(value);
      }
    });

    test('every text is a key of its own, whatever is in it', async () => {
      const store = await freshStore();
      await kv.setMany(
        oddKeys.map((key, index) => [key, index]),
        store,
      );
      for (const [index, key] of oddKeys.entries()) {
        expect([key, await kv.get(key, store)]).toEqual([key, index]);
      }
      expect(new Set(await kv.keys(store))).toEqual(new Set(oddKeys));
    });

    test('keys are texts of any kind', async () => {
      const store = await freshStore();
      const keys = fc.uniqueArray(fc.string({ unit: 'binary' }), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(keys, async (names) => {
          await kv.clear(store);
          await kv.setMany(
            names.map((key) => [key, { of: key }]),
            store,
          );
          expect(await kv.entries(store)).toEqual(names.toSorted(byCodeUnit).map((key) => [key, { of: key }]));
        }),
        { numRuns: 25 },
      );
    });

    test('keys, values and entries come in the same order: numbers, then texts by code unit', async () => {
      const store = await freshStore();
      await kv.setMany(
        [
          ['b', 1],
          ['a', 2],
          [10, 3],
          ['B', 4],
          [9, 5],
        ],
        store,
      );
      expect(await kv.keys(store)).toEqual([9, 10, 'B', 'a', 'b']);
      expect(await kv.values(store)).toEqual([5, 3, 4, 2, 1]);
      expect(await kv.entries(store)).toEqual([
        [9, 5],
        [10, 3],
        ['B', 4],
        ['a', 2],
        ['b', 1],
      ]);
    });

    test('del, delMany and clear remove, and do not mind what is not there', async () => {
      const store = await freshStore();
      await kv.setMany(
        ['a', 'b', 'c', 'd'].map((key) => [key, key]),
        store,
      );
      await kv.del('a', store);
      await kv.del('a', store);
      await kv.delMany(['b', 'missing'], store);
      expect(await kv.keys(store)).toEqual(['c', 'd']);
      await kv.clear(store);
      expect(await kv.entries(store)).toEqual([]);
    });

    test('update is atomic among concurrent callers', async () => {
      const store = await freshStore();
      await Promise.all(Array.from({ length: 40 }, () => kv.update<number>('count', (old = 0) => old + 1, store)));
      expect(await kv.get('count', store)).toBe(40);
    });

    test('what an updater throws reaches the caller and changes nothing', async () => {
      const store = await freshStore();
      await kv.set('a', 1, store);
      const thrown = new Error('no');
      const refuse = (): number => {
        throw thrown;
      };
      await expect(kv.update('a', refuse, store)).rejects.toBe(thrown);
      expect(await kv.get('a', store)).toBe(1);
      await kv.set('a', 2, store);
      expect(await kv.get('a', store)).toBe(2);
    });

    test('calls take effect in the order they were made', async () => {
      const store = await freshStore();
      const writes = Array.from({ length: 20 }, (_, index) => kv.set('a', index, store));
      const read = kv.get('a', store);
      await Promise.all(writes);
      expect(await read).toBe(19);
    });

    test('stores do not see each other', async () => {
      const [one, other] = [await freshStore(), await freshStore()];
      await kv.set('a', 1, one);
      expect(await kv.get('a', other)).toBeUndefined();
    });
  });
};

const byCodeUnit = (a: string, b: string): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};
