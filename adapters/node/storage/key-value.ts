import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type * as idbKeyval from 'idb-keyval';
import { StorageError } from '../../../services/errors.ts';
import { isJsonObject, type JsonValue } from '../../../services/json.ts';
import { createKeyedQueue } from '../../shared/serialize.ts';
import { checkSize } from '../../shared/storage/document-storage.ts';
import { jsonText } from '../../shared/storage/json-text.ts';
import { removeFiles, replaceFiles } from '../fs/durable-file.ts';
import { isMissing, storageError } from '../fs/errors.ts';
import { readDocument } from '../fs/read-json.ts';
import { sweepOnce } from '../fs/temporary-files.ts';
import {
  compareKeys,
  fileKeyOf,
  isLongKeyName,
  keyOfName,
  nameOfKey,
  safeName,
  type AnyKey,
  type FileKey,
} from './key-name.ts';

/** A folder that holds a file for each key. */
export interface UseStore {
  readonly folder: string;
}

/** The functions of idb-keyval with this module's own stores; the compiler holds both to one shape. */
type OnFiles<T> = T extends (...parameters: infer P) => infer R
  ? (...parameters: { [K in keyof P]: P[K] extends idbKeyval.UseStore | undefined ? UseStore | undefined : P[K] }) => R
  : never;

const guarded = async <T>(folder: string, action: string, task: () => Promise<T>): Promise<T> => {
  try {
    return await task();
  } catch (thrown) {
    throw storageError(folder, action, thrown);
  }
};

const longEntry = (path: string, document: JsonValue): { key: string; value: JsonValue } => {
  if (isJsonObject(document)) {
    const { key, value } = document;
    if (typeof key === 'string' && value !== undefined) return { key, value };
  }
  throw new StorageError('malformed', `${path} does not hold a key and its value. Remove it.`);
};

/** The value of a key; `undefined` when there is none. */
const readValue = async (folder: string, key: FileKey): Promise<JsonValue | undefined> => {
  const { name, holdsKey } = nameOfKey(key);
  const path = join(folder, name);
  const document = await readDocument(path);
  return document !== undefined && holdsKey ? longEntry(path, document).value : document;
};

const replacementOf = (folder: string, key: FileKey, value: unknown) => {
  const { name, holdsKey } = nameOfKey(key);
  const path = join(folder, name);
  const text = jsonText(value);
  const content = `${holdsKey ? `{"key":${jsonText(key)},"value":${text}}` : text}\n`;
  checkSize(path, Buffer.byteLength(content));
  return { path, content };
};

/** Files that are about to hold these values; nothing is written yet. @throws {StorageError} `unsupported`, `tooLarge` */
const replacementsOf = (folder: string, entries: readonly (readonly [FileKey, unknown])[]) => [
  ...new Map(
    entries.map(([key, value]) => {
      const replacement = replacementOf(folder, key, value);
      return [replacement.path, replacement];
    }),
  ).values(),
];

/** Puts prepared files in place. @throws {StorageError} `io` */
const writeReplacements = (folder: string, replacements: ReturnType<typeof replacementsOf>): Promise<void> =>
  guarded(folder, 'written to', () => replaceFiles(folder, replacements));

/** Removes the files of these keys. @throws {StorageError} `io` */
const removeValues = (folder: string, keys: readonly FileKey[]): Promise<void> =>
  guarded(folder, 'written to', () =>
    removeFiles(
      folder,
      keys.map((key) => join(folder, nameOfKey(key).name)),
    ),
  );

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw storageError(folder, 'read', thrown);
  }
};

const keyIn = async (folder: string, name: string): Promise<FileKey | undefined> => {
  if (!isLongKeyName(name)) return keyOfName(name);
  const path = join(folder, name);
  const document = await readDocument(path);
  return document === undefined ? undefined : longEntry(path, document).key;
};

/** The keys that have a file here, in no order. */
const keysIn = async (folder: string): Promise<FileKey[]> => {
  const keys: FileKey[] = [];
  for (const name of await namesIn(folder)) {
    const key = await keyIn(folder, name);
    if (key !== undefined) keys.push(key);
  }
  return keys;
};

const inTurn = createKeyedQueue();

/** Runs one operation at a time on a store, as IndexedDB's transactions do, after sweeping what killed writes left. */
const during = <T>({ folder }: UseStore, task: (folder: string) => Promise<T>): Promise<T> =>
  inTurn(folder, async () => {
    await sweepOnce(folder);
    return task(folder);
  });

/**
 * Names a store: the folder `dbName/storeName`, made at the first write.
 *
 * @param dbName A folder, relative to the working directory of this moment.
 * @param storeName Any text; encoded, so that it never leaves `dbName`.
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
 * @returns `undefined` when there is none.
 * @throws {StorageError} `malformed`, `tooLarge`, `io`; `unsupported` for a key that is neither text nor number.
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * const offset = (await keyValue.get<number>('offset')) ?? 0;
 */
export const get = async <T>(key: AnyKey, store: UseStore = defaultStore()): Promise<T | undefined> => {
  const checked = fileKeyOf(key);
  return during(store, (folder) => readValue(folder, checked) as Promise<T | undefined>);
};

/**
 * Reads the values of several keys, as of one moment.
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
  return during(store, (folder) => Promise.all(checked.map((key) => readValue(folder, key) as Promise<T | undefined>)));
};

/**
 * Replaces several values; when one can't be written, none is.
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
  return during(store, (folder) => writeReplacements(folder, replacements));
};

/**
 * Replaces the value of a key, durably and at once.
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
 * Replaces a value by what `updater` makes of it; no other call of this process comes between.
 *
 * @throws {StorageError} `io`, `unsupported`; what `updater` throws, the old value then stays.
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
  return during(store, async (folder) => {
    const value = updater((await readValue(folder, checked)) as T | undefined);
    await writeReplacements(folder, replacementsOf(folder, [[checked, value]]));
  });
};

/**
 * Removes several keys; those that do not exist are passed over.
 *
 * @throws {StorageError} `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * await keyValue.delMany(['offset', 'gain']);
 */
export const delMany = async (keysGiven: AnyKey[], store: UseStore = defaultStore()): Promise<void> => {
  const checked = keysGiven.map(fileKeyOf);
  return during(store, (folder) => removeValues(folder, checked));
};

/**
 * Removes a key; nothing happens when it does not exist.
 *
 * @throws {StorageError} `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * await keyValue.del('offset');
 */
export const del = (key: AnyKey, store: UseStore = defaultStore()): Promise<void> => delMany([key], store);

/**
 * Removes every key; files of others in the folder stay.
 *
 * @throws {StorageError} `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * await keyValue.clear();
 */
export const clear = (store: UseStore = defaultStore()): Promise<void> =>
  during(store, async (folder) => removeValues(folder, await keysIn(folder)));

const sortedKeys = async (folder: string): Promise<FileKey[]> => (await keysIn(folder)).toSorted(compareKeys);

const sortedEntries = async (folder: string): Promise<[FileKey, unknown][]> => {
  const found: [FileKey, unknown][] = [];
  for (const key of await sortedKeys(folder)) {
    const value = await readValue(folder, key);
    if (value !== undefined) found.push([key, value]);
  }
  return found;
};

/**
 * All keys, numbers before texts.
 *
 * @throws {StorageError} `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * for (const key of await keyValue.keys<string>()) console.log(key);
 */
export const keys = <K extends AnyKey>(store: UseStore = defaultStore()): Promise<K[]> =>
  during(store, (folder) => sortedKeys(folder) as Promise<unknown> as Promise<K[]>);

/**
 * All values, in the order of {@link keys}.
 *
 * @throws {StorageError} `malformed`, `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * const offsets = await keyValue.values<number>();
 */
export const values = <T>(store: UseStore = defaultStore()): Promise<T[]> =>
  during(store, async (folder) => (await sortedEntries(folder)).map(([, value]) => value as T));

/**
 * All keys with their values, in the order of {@link keys}.
 *
 * @throws {StorageError} `malformed`, `io`
 * @example
 * import { keyValue } from 'pepeunit-client';
 *
 * const calibration = Object.fromEntries(await keyValue.entries<string, number>());
 */
export const entries = <K extends AnyKey, T>(store: UseStore = defaultStore()): Promise<[K, T][]> =>
  during(store, (folder) => sortedEntries(folder) as Promise<unknown> as Promise<[K, T][]>);

({ get, getMany, set, setMany, update, del, delMany, clear, keys, values, entries }) satisfies {
  [K in Exclude<keyof typeof idbKeyval, 'createStore' | 'promisifyRequest'>]: OnFiles<(typeof idbKeyval)[K]>;
};
