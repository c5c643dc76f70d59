import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../../services/errors.ts';
import { isJsonObject, type JsonValue } from '../../../services/json.ts';
import { createKeyedQueue } from '../../shared/serialize.ts';
import { checkSize } from '../../shared/storage/document-storage.ts';
import { jsonText } from '../../shared/storage/json-text.ts';
import { removeFiles, replaceFiles } from '../fs/durable-file.ts';
import { isMissing, storageError } from '../fs/errors.ts';
import { readDocument } from '../fs/read-json.ts';
import { sweepOnce } from '../fs/temporary-files.ts';
import { compareKeys, isLongKeyName, keyOfName, nameOfKey, type FileKey } from './key-name.ts';

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

/** Reads the value of a key; `undefined` if there is none. */
export const readValue = async (folder: string, key: FileKey): Promise<JsonValue | undefined> => {
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

/** Prepares the files of these values; writes nothing yet. @throws {StorageError} `unsupported`, `tooLarge` */
export const replacementsOf = (folder: string, entries: readonly (readonly [FileKey, unknown])[]) => [
  ...new Map(
    entries.map(([key, value]) => {
      const replacement = replacementOf(folder, key, value);
      return [replacement.path, replacement];
    }),
  ).values(),
];

/** Writes prepared files. @throws {StorageError} `io` */
export const writeReplacements = (folder: string, replacements: ReturnType<typeof replacementsOf>): Promise<void> =>
  guarded(folder, 'written to', () => replaceFiles(folder, replacements));

/** Removes the files of these keys. @throws {StorageError} `io` */
export const removeValues = (folder: string, keys: readonly FileKey[]): Promise<void> =>
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

/** Lists the keys of a folder, numbers before texts. @throws {StorageError} `malformed`, `io` */
export const readKeys = async (folder: string): Promise<FileKey[]> => {
  const keys: FileKey[] = [];
  for (const name of await namesIn(folder)) {
    const key = await keyIn(folder, name);
    if (key !== undefined) keys.push(key);
  }
  return keys.toSorted(compareKeys);
};

/** Lists the entries of a folder in the order of their keys. @throws {StorageError} `malformed`, `io` */
export const readEntries = async (folder: string): Promise<[FileKey, unknown][]> => {
  const found: [FileKey, unknown][] = [];
  for (const key of await readKeys(folder)) {
    const value = await readValue(folder, key);
    if (value !== undefined) found.push([key, value]);
  }
  return found;
};

const inTurn = createKeyedQueue();

/**
 * Runs one operation at a time on a folder, like an IndexedDB transaction. Removes temporary files of killed writes
 * first.
 */
export const inStore = <T>(folder: string, task: () => Promise<T>): Promise<T> =>
  inTurn(folder, async () => {
    await sweepOnce(folder);
    return task();
  });
