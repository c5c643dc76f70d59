import { execFile } from 'node:child_process';
import { release } from 'node:os';
import { promisify } from 'node:util';
import { syncFolder } from './durable-file.ts';
import { hostFs, type DurableFs } from './file-system.ts';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';

/** Number of files from which one sync of the whole file system is cheaper. */
const manyFiles = 64;
const wholeWithinMs = 60_000;

/** Whether syncfs(2) reports failed writes as fsync(2) does: since Linux 5.8. */
const hasHonestSyncfs = (): boolean => {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return process.platform === 'linux' && (major > 5 || (major === 5 && minor >= 8));
};

/** Calls syncfs(2) through the host's `sync`, as Node has no function for it. @returns Whether it succeeded. */
const syncFileSystem = async (folder: string): Promise<boolean> => {
  if (!hasHonestSyncfs()) return false;
  return promisify(execFile)('sync', ['-f', folder], { timeout: wholeWithinMs }).then(
    () => true,
    () => false,
  );
};

const syncFile = async (fs: DurableFs, path: string): Promise<void> => {
  const handle = await fs.open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/**
 * Makes a written tree durable: syncs each file and folder, or the whole file system for many files where the host can.
 * Syncs file by file on a file system other than the host's own.
 *
 * @throws The file system's own error.
 */
export const syncTree = async (
  fs: DurableFs,
  root: string,
  folders: readonly string[],
  files: readonly string[],
): Promise<void> => {
  if (fs === hostFs && files.length >= manyFiles && (await syncFileSystem(root))) return;
  const syncs = createConcurrencyLimiter();
  for (const path of files) await syncs.add(0, () => syncFile(fs, path));
  await syncs.whenIdle();
  for (const folder of folders.toSorted().toReversed()) await syncFolder(folder, fs);
};
