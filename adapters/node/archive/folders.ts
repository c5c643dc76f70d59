import { createReadStream } from 'node:fs';
import { cp, mkdir, rm, stat } from 'node:fs/promises';
import { StorageError } from '../../../services/errors.ts';
import type { Folders } from '../../../services/folders.ts';
import { makeFolder, replaceFile } from '../fs/durable-file.ts';
import { isMissing, storageError } from '../fs/errors.ts';
import { hostFs, statsOf } from '../fs/file-system.ts';
import { packFolder } from './pack-folder.ts';

const guarded = async (path: string, action: string, task: () => Promise<unknown>): Promise<void> => {
  try {
    await task();
  } catch (thrown) {
    throw storageError(path, action, thrown);
  }
};

async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (thrown) {
    throw storageError(path, 'read', thrown);
  }
}

const copyFile = async (from: string, to: string): Promise<void> => {
  const stats = await stat(from);
  if (!stats.isFile()) throw new StorageError('unsupported', `${from} is no file. Give the path of a file.`);
  await replaceFile(to, createReadStream(from), { mode: stats.mode & 0o777 });
};

const copyFolder = async (from: string, to: string): Promise<void> => {
  if (!(await stat(from)).isDirectory()) throw new StorageError('unsupported', `${from} is no folder. Give a folder.`);
  await makeFolder(to);
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
};

const removeFolder = async (path: string): Promise<void> => {
  const stats = await statsOf(hostFs, path);
  if (stats && !stats.isDirectory()) throw new StorageError('unsupported', `${path} is no folder. Give a folder.`);
  await rm(path, { recursive: true, force: true });
};

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw storageError(path, 'looked at', thrown);
  }
};

/** The host's folders. Created ones are for this user alone (0700). */
export const hostFolders = (): Folders => ({
  exists,
  readFile,
  copyFile: (from, to) => guarded(from, `copied to ${to}`, () => copyFile(from, to)),
  copyFolder: (from, to) => guarded(from, `copied to ${to}`, () => copyFolder(from, to)),
  createFolder: (path) => guarded(path, 'created', () => mkdir(path, { recursive: true, mode: 0o700 })),
  removeFolder: (path) => guarded(path, 'removed', () => removeFolder(path)),
  pack: (folder, archivePath) => guarded(folder, `packed into ${archivePath}`, () => packFolder(folder, archivePath)),
});
