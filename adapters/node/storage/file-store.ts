import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../../services/errors.ts';
import type { JsonValue } from '../../../services/json.ts';
import { jsonText, maxDocumentBytes } from '../../shared/storage/json-text.ts';
import { checkSize } from '../../shared/storage/document-storage.ts';
import { removeFiles, replaceFiles } from '../fs/durable-file.ts';
import { isLongKeyName, keyOfName, nameOfKey, type FileKey } from './key-name.ts';
import { isMissing, readDocument, storageError } from '../fs/read-json.ts';

const guarded = async <T>(folder: string, action: string, task: () => Promise<T>): Promise<T> => {
  try {
    return await task();
  } catch (thrown) {
    throw storageError(folder, action, thrown);
  }
};

const longEntry = (path: string, document: JsonValue): { key: string; value: JsonValue } => {
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    const { key, value } = document;
    if (typeof key === 'string' && value !== undefined) return { key, value };
  }
  throw new StorageError('malformed', `${path} does not hold a key and its value. Remove it.`);
};

/** The value of a key; `undefined` when there is none. */
export const readValue = async (folder: string, key: FileKey): Promise<JsonValue | undefined> => {
  const { name, holdsKey } = nameOfKey(key);
  const path = join(folder, name);
  const document = await readDocument(path, maxDocumentBytes);
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
export const replacementsOf = (folder: string, entries: readonly (readonly [FileKey, unknown])[]) => [
  ...new Map(
    entries.map(([key, value]) => {
      const replacement = replacementOf(folder, key, value);
      return [replacement.path, replacement];
    }),
  ).values(),
];

/** Puts prepared files in place. @throws {StorageError} `io` */
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

/** The keys that have a file here, in no order. */
export const keysIn = async (folder: string): Promise<FileKey[]> => {
  const keys: FileKey[] = [];
  for (const name of await namesIn(folder)) {
    const key = await keyIn(folder, name);
    if (key !== undefined) keys.push(key);
  }
  return keys;
};
