import { open } from 'node:fs/promises';
import { StorageError } from '../../../services/errors.ts';
import type { JsonValue } from '../../../services/json.ts';
import { maxDocumentBytes, parseJsonText } from '../../shared/storage/json-text.ts';
import { codeOf } from './file-system.ts';

const generalAdvice = "Check the disk's free space and the permissions of the file and its folder.";
const advice: Readonly<Record<string, string>> = {
  EBUSY: 'Mount the folder that it is in rather than the file alone.',
  ENOENT: 'There is no such file or folder: check the name.',
  ENOTDIR: 'What should be its folder is a file: check the name.',
};

/** Turns a file system's error into a storage error that names the document. */
export const storageError = (path: string, action: string, cause: unknown): StorageError => {
  if (cause instanceof StorageError) return cause;
  const code = codeOf(cause) ?? 'unexpected';
  return new StorageError('io', `${path} can't be ${action} (${code}). ${advice[code] ?? generalAdvice}`, { cause });
};

/** Whether an error says that there is no such file. */
export const isMissing = (thrown: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(thrown) ?? '');

const tooLarge = (path: string, maxBytes: number): StorageError =>
  new StorageError('tooLarge', `${path} has more than ${maxBytes} bytes. Replace it by a smaller document.`);

const readAtMost = async (path: string, maxBytes: number): Promise<Uint8Array> => {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw tooLarge(path, maxBytes);
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of handle.createReadStream({ autoClose: false, end: maxBytes })) {
      pieces.push(piece as Buffer);
      length += (piece as Buffer).length;
    }
    if (length > maxBytes) throw tooLarge(path, maxBytes);
    return Buffer.concat(pieces, length);
  } finally {
    await handle.close();
  }
};

/**
 * Reads a JSON file of at most 16 MiB.
 *
 * @returns `undefined` when there is none.
 * @throws {StorageError} `malformed`, `tooLarge`, `io`
 */
export const readDocument = async (path: string, maxBytes = maxDocumentBytes): Promise<JsonValue | undefined> => {
  try {
    return parseJsonText(path, await readAtMost(path, maxBytes));
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw storageError(path, 'read', thrown);
  }
};
