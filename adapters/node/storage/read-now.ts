import { readFileSync, statSync } from 'node:fs';
import { maxDocumentBytes, parseJsonText } from '../../shared/storage/json-text.ts';
import { StorageError } from '../../../services/errors.ts';
import type { JsonValue } from '../../../services/json.ts';

/**
 * Reads a small JSON file at once, blocking.
 *
 * @throws {StorageError | Error} It is missing, no file, too large or no JSON, or can't be read.
 */
export const readJsonNow = (path: string): JsonValue => {
  const stats = statSync(path);
  // To open a pipe would block for ever.
  if (!stats.isFile()) throw new StorageError('unsupported', `${path} is no file. Name a file.`);
  if (stats.size > maxDocumentBytes) throw new StorageError('tooLarge', `${path} is too large to be read.`);
  return parseJsonText(path, readFileSync(path));
};
