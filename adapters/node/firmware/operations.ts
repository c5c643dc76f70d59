import { FirmwareError } from '../../../services/errors.ts';
import { makePrivateFolders, syncFolder } from '../fs/durable-file.ts';
import { codeOf } from '../fs/errors.ts';
import { statsOf, type FileSystem } from '../fs/file-system.ts';
import { foldersAbove, inside } from '../fs/file-tree.ts';

const isOneOf = (thrown: unknown, ...codes: string[]): boolean => codes.includes(codeOf(thrown) ?? '');

/** Removes a file or link; does nothing if it is gone. */
export const removeFile = async (fs: FileSystem, path: string): Promise<void> => {
  try {
    await fs.unlink(path);
  } catch (cause) {
    if (isOneOf(cause, 'ENOENT', 'ENOTDIR')) return;
    if (isOneOf(cause, 'EISDIR', 'EPERM') && (await statsOf(fs, path))?.isDirectory()) return;
    throw cause;
  }
};

/** Removes a folder if it is empty. */
export const removeFolder = async (fs: FileSystem, path: string): Promise<void> => {
  try {
    await fs.rmdir(path);
  } catch (cause) {
    if (!isOneOf(cause, 'ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'EBUSY')) throw cause;
  }
};

/** Removes a file, or a folder with its contents. */
export const removeAll = async (fs: FileSystem, path: string): Promise<void> => {
  const stats = await statsOf(fs, path);
  if (!stats) return;
  if (!stats.isDirectory()) return removeFile(fs, path);
  for (const name of await fs.readdir(path)) await removeAll(fs, inside(path, name));
  await removeFolder(fs, path);
};

/** Creates a folder for this user alone; does nothing if it exists. */
export const makePrivateFolder = async (fs: FileSystem, path: string): Promise<void> => {
  if ((await statsOf(fs, path))?.isDirectory()) return;
  await makePrivateFolders(path, fs);
};

/** Sets the permissions of a folder. */
export const setMode = async (fs: FileSystem, path: string, mode: number): Promise<void> => {
  const handle = await fs.open(path, 'r');
  try {
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
};

/** Syncs folders, deepest first; skips missing ones. */
export const syncFolders = async (fs: FileSystem, folder: string, paths: Iterable<string>): Promise<void> => {
  for (const path of [...new Set(paths)].toSorted().toReversed()) {
    const place = path === '' ? folder : inside(folder, path);
    if ((await statsOf(fs, place))?.isDirectory()) await syncFolder(place, fs);
  }
};

/** Whether a path goes through folders alone, and no link. */
export const isReached = async (fs: FileSystem, folder: string, path: string): Promise<boolean> => {
  for (const above of foldersAbove(path)) {
    if (!(await statsOf(fs, inside(folder, above)))?.isDirectory()) return false;
  }
  return true;
};

/** Checks that no path goes through a link. @throws {FirmwareError} `io` */
export const checkFolders = async (fs: FileSystem, folder: string, paths: Iterable<string>): Promise<void> => {
  for (const path of new Set(paths)) {
    if (path === '') continue;
    const stats = await statsOf(fs, inside(folder, path));
    if (stats?.isSymbolicLink()) {
      throw new FirmwareError('io', `${path} has become a link: nothing more was moved. Put the folder back.`);
    }
  }
};
