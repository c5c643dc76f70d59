import { StorageError } from '../../../services/errors.ts';
import type { JsonValue } from '../../../services/json.ts';
import { maxDocumentBytes, parseJsonText } from '../../shared/storage/json-text.ts';
import { isMissing, storageError } from './errors.ts';
import { hostFs, type FileSystem, type PathStats } from './file-system.ts';

/**
 * Refuses pipes, devices and sockets: reading one may never end, and replacing one such as `/dev/null` harms the host.
 *
 * @throws {StorageError} `unsupported`
 */
export const refuseSpecial = (path: string, stats: Pick<PathStats, 'isFile' | 'isDirectory'>): void => {
  if (stats.isFile() || stats.isDirectory()) return;
  throw new StorageError('unsupported', `${path} is a pipe, device or socket. Give the path of a file.`);
};

/**
 * Reads a JSON file up to a size limit. Follows links.
 *
 * @returns `undefined` if there is no file.
 * @throws {StorageError} `io` if it is a folder, `unsupported` if it is a pipe, device or socket, `tooLarge`, `malformed`; messages never quote the content.
 * @throws The file system's own error.
 */
export const readJson = async (
  path: string,
  maxBytes: number,
  fs: FileSystem = hostFs,
): Promise<JsonValue | undefined> => {
  try {
    const stats = await fs.stat(path);
    refuseSpecial(path, stats);
    if (!stats.isFile()) throw new StorageError('io', `${path} is no file. Remove it, or give another path.`);
    if (stats.size > maxBytes) {
      throw new StorageError('tooLarge', `${path} has more than ${maxBytes} bytes. Replace it by a smaller document.`);
    }
    return parseJsonText(path, await fs.readFile(path));
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
};

/** Reads a document of at most 16 MiB, like {@link readJson}. @throws {StorageError} `malformed`, `tooLarge`, `io` */
export const readDocument = async (path: string): Promise<JsonValue | undefined> => {
  try {
    return await readJson(path, maxDocumentBytes);
  } catch (thrown) {
    throw storageError(path, 'read', thrown);
  }
};
