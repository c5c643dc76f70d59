import { constants } from 'node:fs';
import { chown, link, rename, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { privateFile } from './durable-file.ts';
import { codeOf } from './errors.ts';
import { hostFs } from './file-system.ts';
import { openRegularFile } from './open-regular-file.ts';
import { giveToFolderOwner } from './ownership.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { temporaryName } from './temporary-files.ts';

/** Contents of a lock file. */
export interface LockRecord {
  readonly holder: ProcessIdentity;
  /** Tells this lock from any other. */
  readonly nonce: string;
  /** Counts up while the holder is alive. */
  readonly beat: number;
  /** A process that the holder has started. */
  readonly child?: ProcessIdentity | undefined;
}

/** Size of each record, so that one replaces another in place, also on a full disk. */
const recordBytes = 640;
const maxLockBytes = 1024;
/** Time after which an unreadable lock counts as torn by a power cut, milliseconds. */
const tornAfterMs = 500;
const lookEveryMs = 50;

/** Error codes of file systems without hard links, such as FAT. */
const noLinks = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

const textOf = (record: LockRecord): string => `${JSON.stringify(record).padEnd(recordBytes - 1)}\n`;

const isIdentity = (value: unknown): value is ProcessIdentity =>
  typeof value === 'object' && value !== null && Number.isInteger((value as ProcessIdentity).pid);

/** Reads the record in a lock's text; `undefined` if it is none. */
export const parseLock = (text: string): LockRecord | undefined => {
  try {
    const record = JSON.parse(text) as LockRecord | null;
    return isIdentity(record?.holder) ? record : undefined;
  } catch {
    return undefined;
  }
};

/** Gives a file a second name. @returns Whether that name was free. */
const linkNew = async (from: string, path: string): Promise<boolean> => {
  try {
    await link(from, path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
};

const writeNew = async (path: string, text: string): Promise<boolean> => {
  try {
    await writeFile(path, text, { mode: privateFile, flag: 'wx' });
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
};

/** Links a file, or writes its text anew where there are no links. @returns Whether the name was free. */
const place = (from: string, path: string, text: string): Promise<boolean> =>
  linkNew(from, path).catch((thrown: unknown) => {
    if (!noLinks.has(codeOf(thrown) ?? '')) throw thrown;
    return writeNew(path, text);
  });

/** Creates a lock file, atomically where the file system can. @returns Whether there was none. */
export const createLock = async (path: string, record: LockRecord): Promise<boolean> => {
  const whole = join(dirname(path), temporaryName());
  const text = textOf(record);
  try {
    await writeFile(whole, text, { mode: privateFile });
    await giveToFolderOwner({ chown: (uid, gid) => chown(whole, uid, gid) }, whole, hostFs);
    return await place(whole, path, text);
  } finally {
    await unlink(whole).catch(() => undefined);
  }
};

const textIn = async (handle: FileHandle): Promise<string> => {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxLockBytes), 0, maxLockBytes, 0);
  return buffer.toString('utf8', 0, bytesRead);
};

/** @returns `undefined` if there is none, `null` if it is no regular file. */
export const readLock = async (path: string): Promise<string | null | undefined> => {
  try {
    const handle = await openRegularFile(path, constants.O_RDONLY);
    if (!handle) return null;
    try {
      return await textIn(handle);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
};

/** Reads a lock like {@link readLock}; waits for one that is being written. */
export const readWholeLock = async (path: string): Promise<string | null | undefined> => {
  const deadline = performance.now() + tornAfterMs;
  let text = await readLock(path);
  while (typeof text === 'string' && !parseLock(text) && performance.now() < deadline) {
    await delay(lookEveryMs);
    text = await readLock(path);
  }
  return text;
};

/** Whether a lock file is the one with this nonce. */
export const hasNonce = async (path: string, nonce: string): Promise<boolean> =>
  parseLock((await readLock(path)) ?? '')?.nonce === nonce;

/** Opens a lock file that is the one with this nonce; `undefined` for any other. */
const openOwn = async (path: string, nonce: string): Promise<FileHandle | undefined> => {
  const handle = await openRegularFile(path, constants.O_RDWR).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  });
  if (!handle) return undefined;
  let isOwn = false;
  try {
    isOwn = parseLock(await textIn(handle))?.nonce === nonce;
  } finally {
    if (!isOwn) await handle.close();
  }
  return isOwn ? handle : undefined;
};

/** Writes the next record of a lock over the last one, without a sync. Does nothing if the lock is another's by now. */
export const rewriteLock = async (path: string, record: LockRecord): Promise<void> => {
  const handle = await openOwn(path, record.nonce);
  try {
    await handle?.write(textOf(record), 0);
  } finally {
    await handle?.close();
  }
};

/** Creates the writer of a lock's beats, which keeps the file open: a process may hold thousands of locks. */
export const createBeat = (path: string) => {
  let handle: FileHandle | undefined;
  const close = async () => {
    const open = handle;
    handle = undefined;
    await open?.close();
  };
  return {
    /** Writes like {@link rewriteLock}, but looks only at every other beat whether the file is still in place. */
    write: async (record: LockRecord): Promise<void> => {
      try {
        // Where links are missing, a lock that was taken for a dead one and given back is another file.
        if (handle && record.beat % 2 === 0 && (await handle.stat()).nlink === 0) await close();
        handle ??= await openOwn(path, record.nonce);
        await handle?.write(textOf(record), 0);
      } catch (thrown) {
        await close();
        throw thrown;
      }
    },
    close,
  };
};

/** Removes the lock of a dead process, and no newer one that took its place meanwhile. */
export const clearLock = async (path: string, dead: string | null): Promise<void> => {
  // Several may find the same dead lock: the first one's new lock must not give way to the others.
  if ((await readLock(path)) !== dead) return;
  const aside = join(dirname(path), temporaryName());
  await rename(path, aside).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  });
  const taken = await readLock(aside);
  if (taken === undefined) return;
  if (taken !== null && taken !== dead) await place(aside, path, taken);
  // Anything but a file, such as a folder, stays under its new name.
  await unlink(aside).catch(() => undefined);
};
