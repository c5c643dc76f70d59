import { chmod, lstat, mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { FirmwareError } from '../../../services/errors.ts';
import { privateFolder, syncFolder } from './durable-file.ts';
import { codeOf, ioError } from './errors.ts';

/** Makes a folder, and those above it, for this user alone, whatever the umask. */
export const makePrivateFolder = async (folder: string): Promise<void> => {
  const first = await mkdir(folder, { recursive: true, mode: privateFolder });
  if (first !== undefined) await chmod(folder, privateFolder);
};

/** Everything in a folder, folders before what is in them, as paths relative to it. */
export const listTree = async (folder: string): Promise<{ folders: string[]; files: string[] }> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    const path = relative(folder, join(entry.parentPath, entry.name));
    (entry.isDirectory() ? folders : files).push(path);
  }
  return { folders: folders.toSorted(), files: files.toSorted() };
};

const kindAt = async (path: string): Promise<'none' | 'folder' | 'other'> => {
  try {
    return (await lstat(path)).isDirectory() ? 'folder' : 'other';
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return 'none';
    throw cause;
  }
};

const inTheWay = (path: string, why: string) =>
  new FirmwareError('io', `${path} ${why}: nothing was put in place. Move it away and update again.`);

/** Sees to it that nothing is in the way, a link that leads elsewhere least of all, before anything moves. */
const checkPlaces = async (to: string, folders: readonly string[], files: readonly string[]): Promise<void> => {
  for (const name of folders) {
    if ((await kindAt(join(to, name))) === 'other') throw inTheWay(name, 'has to be a folder, and is none');
  }
  for (const name of files) {
    if ((await kindAt(join(to, name))) === 'folder') throw inTheWay(name, 'has to be a file, and is a folder');
  }
};

/**
 * Moves files from one folder over those of another on the same file system, each by a rename, in the order given.
 *
 * What is in neither list stays as it is. Every folder that changed is on disk in the end.
 *
 * @throws {FirmwareError} `io`; files before the one that failed are then already in place.
 */
export const moveOver = async (
  from: string,
  to: string,
  folders: readonly string[],
  files: readonly string[],
): Promise<void> => {
  try {
    await checkPlaces(to, folders, files);
    for (const name of folders) await mkdir(join(to, name), { recursive: true, mode: privateFolder });
    for (const name of files) await rename(join(from, name), join(to, name));
    const changed = new Set([...folders, ...files].map((name) => (name.includes(sep) ? dirname(name) : '')));
    for (const name of changed) await syncFolder(join(to, name));
  } catch (cause) {
    throw ioError('The new files could not be put in place', cause);
  }
};
