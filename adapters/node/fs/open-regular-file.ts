import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { privateFile } from './durable-file.ts';
import { codeOf } from './errors.ts';
import { hostFs } from './file-system.ts';
import { giveToFolderOwner } from './ownership.ts';

/** Error codes of opening links, folders, pipes without a reader, and sockets. */
const otherKinds = new Set(['ELOOP', 'EMLINK', 'EISDIR', 'ENXIO', 'ENOTSUP', 'EOPNOTSUPP', 'ENODEV']);

/**
 * Opens a regular file. Follows no link and never blocks on a pipe or device. Creates files for this user alone (0600).
 *
 * @param flags Flags of `fs.constants`, such as `O_RDWR`.
 * @returns `undefined` if the path is something else.
 * @throws The file system's own error, such as `ENOENT`.
 */
export const openRegularFile = async (path: string, flags: number): Promise<FileHandle | undefined> => {
  let handle: FileHandle;
  try {
    handle = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, privateFile);
  } catch (thrown) {
    if (otherKinds.has(codeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
  try {
    const stats = await handle.stat();
    if (stats.isFile()) {
      if (flags & constants.O_CREAT && stats.size === 0) await giveToFolderOwner(handle, path, hostFs);
      return handle;
    }
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
  await handle.close();
  return undefined;
};
