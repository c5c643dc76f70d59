import { createHash } from 'node:crypto';
import { StorageError } from '../../../services/errors.ts';

/** A key of IndexedDB, which Node's own types do not know. */
export type AnyKey = string | number | Date | ArrayBuffer | ArrayBufferView | AnyKey[];

/** A key that can name a file. */
export type FileKey = string | number;

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/;
const maxNameLength = 200;

const escapedUnit = (unit: number): string =>
  unit < 0x100 ? `%${unit.toString(16).padStart(2, '0')}` : `%u${unit.toString(16).padStart(4, '0')}`;

const escapedAll = (text: string): string =>
  text
    .split('')
    .map((unit) => escapedUnit(unit.charCodeAt(0)))
    .join('');

/**
 * Turns any text into a file name that is safe on every file system: unique even without case sensitivity, never a
 * path, a Windows device name, or hidden.
 */
export const safeName = (text: string): string => {
  if (text === '') return '%';
  const name = text.replaceAll(/[^a-z0-9_.-]|^\./g, escapedAll);
  return reserved.test(name) ? escapedAll(name.slice(0, 1)) + name.slice(1) : name;
};

const unescaped = (name: string): string =>
  name === '%'
    ? ''
    : name.replaceAll(/%u([0-9a-f]{4})|%([0-9a-f]{2})/g, (_, wide?: string, narrow?: string) =>
        String.fromCharCode(Number.parseInt(wide ?? narrow ?? '', 16)),
      );

/**
 * Checks a key: a text, or a number other than `NaN`.
 *
 * @throws {StorageError} `unsupported`; dates, bytes and lists are keys in IndexedDB alone.
 */
export const fileKeyOf = (key: AnyKey): FileKey => {
  if (typeof key === 'string') return key;
  if (typeof key === 'number' && !Number.isNaN(key)) return key === 0 ? 0 : key;
  throw new StorageError('unsupported', 'On files, a key is a text or a number. Turn the key into one of them.');
};

/** File name of a key, and whether the file must hold the key too because the name can't. */
export interface KeyName {
  readonly name: string;
  readonly holdsKey: boolean;
}

const numberMark = '#';
const longMark = '~';
const extension = '.json';

/** The file name of a key. */
export const nameOfKey = (key: FileKey): KeyName => {
  const name = typeof key === 'number' ? `${numberMark}${safeName(String(key))}` : safeName(key);
  if (name.length <= maxNameLength) return { name: name + extension, holdsKey: false };
  const digest = createHash('sha256').update(name).digest('hex');
  return { name: longMark + digest + extension, holdsKey: true };
};

/** Whether a name is that of a file which holds its long key beside the value. */
export const isLongKeyName = (name: string): boolean => /^~[0-9a-f]{64}\.json$/.test(name);

/** The key in a file name; `undefined` for other files. */
export const keyOfName = (fileName: string): FileKey | undefined => {
  if (!fileName.endsWith(extension)) return undefined;
  const name = fileName.slice(0, -extension.length);
  const isNumber = name.startsWith(numberMark);
  const text = unescaped(isNumber ? name.slice(numberMark.length) : name);
  const key = isNumber ? Number(text) : text;
  return nameOfKey(key).name === fileName ? key : undefined;
};

/** Orders keys as IndexedDB does: numbers before texts, texts by UTF-16 code units. */
export const compareKeys = (a: FileKey, b: FileKey): number => {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
};
