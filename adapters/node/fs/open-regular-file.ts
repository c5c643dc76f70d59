import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { privateFile } from './durable-file.ts';
import { codeOf } from './errors.ts';

/** Codes of opening links, folders, pipes without a reader, and sockets. */
const otherKinds = new Set(['ELOOP', 'EMLINK', 'EISDIR', 'ENXIO', 'ENOTSUP', 'EOPNOTSUPP', 'ENODEV']);

/**
 * Opens a regular file. It follows no link, and never waits as opening a pipe or device may. A file that it makes is
 * for this user alone (0600).
 *
 * @param flags Of `fs.constants`, such as `O_RDWR`.
 * @returns `undefined` when the path is something else.
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
    if ((await handle.stat()).isFile()) return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
  await handle.close();
  return undefined;
};
