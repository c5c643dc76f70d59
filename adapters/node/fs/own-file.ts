import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { privateFile } from './durable-file.ts';
import { codeOf } from './file-system.ts';

/** What opening says of links, folders, pipes without a reader, and sockets. */
const otherThings = new Set(['ELOOP', 'EMLINK', 'EISDIR', 'ENXIO', 'ENOTSUP', 'EOPNOTSUPP', 'ENODEV']);

/**
 * Opens a regular file by its own name: nothing that a link leads to, no folder, and no pipe or device, which might
 * keep its opener waiting. A file that is made is for this user alone (0600).
 *
 * @param flags Of `fs.constants`, such as `O_RDWR`.
 * @returns `undefined` when something else has the name.
 * @throws The file system's own error, such as `ENOENT`.
 */
export const openOwnFile = async (path: string, flags: number): Promise<FileHandle | undefined> => {
  let handle: FileHandle;
  try {
    handle = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, privateFile);
  } catch (thrown) {
    if (otherThings.has(codeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
  try {
    if ((await handle.stat()).isFile()) return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
  await handle.close();
  return undefined;
};
