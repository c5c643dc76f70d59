import { join, resolve } from 'node:path';
import type * as idbKeyval from 'idb-keyval';
import {
  inStore,
  readEntries,
  readKeys,
  readValue,
  removeValues,
  replacementsOf,
  writeReplacements,
} from './key-files.ts';
import { fileKeyOf, safeName, type AnyKey, type FileKey } from './key-name.ts';

/** A folder with one file per key. */
export interface UseStore {
  readonly folder: string;
}

/** The functions of idb-keyval with this module's stores; the compiler checks that both have the same types. */
type OnFiles<T> = T extends (...parameters: infer P) => infer R
  ? (...parameters: { [K in keyof P]: P[K] extends idbKeyval.UseStore | undefined ? UseStore | undefined : P[K] }) => R
  : never;

/**
 * Names a store: the folder `dbName/storeName`, created at the first write.
 *
 * @param dbName A folder, relative to the current working directory.
 * @param storeName Any text; encoded, so that the store stays inside `dbName`.
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * const store = keyValue.createStore('data', 'calibration');
 * await keyValue.set('offset', 3, store);
 */
export const createStore = (dbName: string, storeName: string): UseStore => ({
  folder: resolve(join(dbName, safeName(storeName))),
});

const defaultStore = (): UseStore => createStore('keyval-store', 'keyval');

/**
 * Reads the value of a key.
 *
 * @returns `undefined` if there is none.
 * @throws {StorageError} `malformed`, `tooLarge`, `io`; `unsupported` for a key that is neither text nor number.
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * const offset = (await keyValue.get<number>('offset')) ?? 0;
 */
export const get = async <T>(key: AnyKey, store: UseStore = defaultStore()): Promise<T | undefined> => {
  const checked = fileKeyOf(key);
  return inStore(store.folder, () => readValue(store.folder, checked) as Promise<T | undefined>);
};

/**
 * Reads the values of several keys at one moment.
 *
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * const [offset, gain] = await keyValue.getMany<number>(['offset', 'gain']);
 */
export const getMany = async <T>(
  keysWanted: AnyKey[],
  store: UseStore = defaultStore(),
): Promise<(T | undefined)[]> => {
  const checked = keysWanted.map(fileKeyOf);
  return inStore(store.folder, () =>
    Promise.all(checked.map((key) => readValue(store.folder, key) as Promise<T | undefined>)),
  );
};

/**
 * Replaces several values; if one can't be written, none is.
 *
 * A kill in the last step may leave some replaced and others not, each of them whole.
 *
 * @throws {StorageError} `io`; `unsupported` for what JSON can't carry.
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * await keyValue.setMany([
 *   ['offset', 3],
 *   ['gain', 1.5],
 * ]);
 */
export const setMany = async (entriesGiven: [AnyKey, unknown][], store: UseStore = defaultStore()): Promise<void> => {
  const checked = entriesGiven.map(([key, value]): [FileKey, unknown] => [fileKeyOf(key), value]);
  const replacements = replacementsOf(store.folder, checked);
  return inStore(store.folder, () => writeReplacements(store.folder, replacements));
};

/**
 * Replaces the value of a key durably and atomically.
 *
 * @throws {StorageError} `io`, `unsupported`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * await keyValue.set('offset', 3);
 */
export const set = (key: AnyKey, value: unknown, store: UseStore = defaultStore()): Promise<void> =>
  setMany([[key, value]], store);

/**
 * Replaces a value by the result of `updater`; no other call of this process comes between.
 *
 * @throws {StorageError} `io`, `unsupported`, or the error of `updater`; the old value then stays.
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * await keyValue.update<number>('starts', (starts = 0) => starts + 1);
 */
export const update = async <T>(
  key: AnyKey,
  updater: (oldValue: T | undefined) => T,
  store: UseStore = defaultStore(),
): Promise<void> => {
  const checked = fileKeyOf(key);
  return inStore(store.folder, async () => {
    const value = updater((await readValue(store.folder, checked)) as T | undefined);
    await writeReplacements(store.folder, replacementsOf(store.folder, [[checked, value]]));
  });
};

/**
 * Removes several keys; ignores missing ones.
 *
 * @throws {StorageError} `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * await keyValue.delMany(['offset', 'gain']);
 */
export const delMany = async (keysGiven: AnyKey[], store: UseStore = defaultStore()): Promise<void> => {
  const checked = keysGiven.map(fileKeyOf);
  return inStore(store.folder, () => removeValues(store.folder, checked));
};

/**
 * Removes a key; does nothing if it does not exist.
 *
 * @throws {StorageError} `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * await keyValue.del('offset');
 */
export const del = (key: AnyKey, store: UseStore = defaultStore()): Promise<void> => delMany([key], store);

/**
 * Removes every key; leaves other files in the folder alone.
 *
 * @throws {StorageError} `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * await keyValue.clear();
 */
export const clear = (store: UseStore = defaultStore()): Promise<void> =>
  inStore(store.folder, async () => removeValues(store.folder, await readKeys(store.folder)));

/**
 * Lists all keys, numbers before texts.
 *
 * @throws {StorageError} `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * for (const key of await keyValue.keys<string>()) console.log(key);
 */
export const keys = <K extends AnyKey>(store: UseStore = defaultStore()): Promise<K[]> =>
  inStore(store.folder, () => readKeys(store.folder) as Promise<unknown> as Promise<K[]>);

/**
 * Lists all values, in the order of {@link keys}.
 *
 * @throws {StorageError} `malformed`, `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * const offsets = await keyValue.values<number>();
 */
export const values = <T>(store: UseStore = defaultStore()): Promise<T[]> =>
  inStore(store.folder, async () => (await readEntries(store.folder)).map(([, value]) => value as T));

/**
 * Lists all keys with their values, in the order of {@link keys}.
 *
 * @throws {StorageError} `malformed`, `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * const calibration = Object.fromEntries(await keyValue.entries<string, number>());
 */
export const entries = <K extends AnyKey, T>(store: UseStore = defaultStore()): Promise<[K, T][]> =>
  inStore(store.folder, () => readEntries(store.folder) as Promise<unknown> as Promise<[K, T][]>);

({ get, getMany, set, setMany, update, del, delMany, clear, keys, values, entries }) satisfies {
  [K in Exclude<keyof typeof idbKeyval, 'createStore' | 'promisifyRequest'>]: OnFiles<(typeof idbKeyval)[K]>;
};
