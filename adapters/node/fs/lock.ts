import { constants } from 'node:fs';
import { link, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { privateFile } from './durable-file.ts';
import { codeOf } from './errors.ts';
import { openRegularFile } from './open-regular-file.ts';
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';
import { sweepTemporaries, temporaryName } from './temporary-files.ts';

/** A lock file of this process. */
export interface FileLock {
  /** Adds a child process to the lock, for the process that takes the lock over after a kill of this one. */
  noteChild(pid: number): Promise<void>;
  /** Never rejects: a lock that can't be removed is that of a process which ends. */
  release(): Promise<void>;
}

/** Options of a lock file. */
export interface FileLockOptions {
  /** Path of the lock file; its folder must exist. */
  readonly path: string;
  /** Creates the error for a lock of a running process; the holder is `undefined` if unreadable. */
  readonly inUse: (holder: ProcessIdentity | undefined) => Error;
  /** Ends the child noted by a dead holder, before its lock is taken over. */
  readonly endOrphan?: (child: ProcessIdentity) => Promise<void>;
}

/** Contents of a lock file. */
interface LockRecord {
  readonly holder: ProcessIdentity;
  readonly child?: ProcessIdentity;
}

const maxLockBytes = 1024;
const maxTries = 4;
/** Time after which an unreadable lock counts as torn by a power cut, milliseconds. */
const tornAfterMs = 500;
const lookEveryMs = 50;

/** Error codes of file systems without hard links, such as FAT. */
const noLinks = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

/** Paths of this process's lock files. */
const held = new Set<string>();

const isIdentity = (value: unknown): value is ProcessIdentity =>
  typeof value === 'object' && value !== null && Number.isInteger((value as ProcessIdentity).pid);

const parse = (text: string): LockRecord | undefined => {
  try {
    const record = JSON.parse(text) as LockRecord | null;
    return isIdentity(record?.holder) ? record : undefined;
  } catch {
    return undefined;
  }
};

/** Whether the process that wrote a lock still runs. A lock with this process's own id is older than this process. */
const isHeld = ({ holder }: LockRecord): boolean => holder.pid !== process.pid && isRunning(holder);

/** Creates a lock file, atomically where the file system can. @returns Whether there was none. */
const create = async (path: string, text: string): Promise<boolean> => {
  const whole = join(dirname(path), temporaryName());
  try {
    await writeFile(whole, text, { mode: privateFile });
    await link(whole, path).catch((thrown: unknown) => {
      if (!noLinks.has(codeOf(thrown) ?? '')) throw thrown;
      return writeFile(path, text, { mode: privateFile, flag: 'wx' });
    });
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  } finally {
    await unlink(whole).catch(() => undefined);
  }
};

/** @returns `undefined` if there is none, `null` if it is no regular file. */
const read = async (path: string): Promise<string | null | undefined> => {
  try {
    const handle = await openRegularFile(path, constants.O_RDONLY);
    if (!handle) return null;
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxLockBytes), 0, maxLockBytes, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
};

/** Reads a lock; waits for one that is being written. */
const readWhole = async (path: string): Promise<string | null | undefined> => {
  const deadline = performance.now() + tornAfterMs;
  let text = await read(path);
  while (typeof text === 'string' && !parse(text) && performance.now() < deadline) {
    await delay(lookEveryMs);
    text = await read(path);
  }
  return text;
};

/** Removes the lock of a dead process, and no newer one that took its place meanwhile. */
const clear = async (path: string, dead: string | null): Promise<void> => {
  const aside = join(dirname(path), temporaryName());
  await rename(path, aside).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  });
  const taken = await read(aside);
  if (taken === undefined) return;
  if (taken !== null && taken !== dead) await create(path, taken);
  // Anything but a file, such as a folder, stays under its new name.
  await unlink(aside).catch(() => undefined);
};

/** Creates the lock; removes a dead process's lock first. What is there is judged also where nothing can be written. */
const acquire = async (path: string, text: string, { inUse, endOrphan }: FileLockOptions): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    const found = await readWhole(path);
    const record = found ? parse(found) : undefined;
    if (tries > maxTries || (record && isHeld(record))) throw inUse(record?.holder);
    if (record?.child) await endOrphan?.(record.child);
    if (found !== undefined) await clear(path, found);
    if (await create(path, text)) return;
  }
};

/**
 * Takes a lock file for this process alone. The file identifies its holder by process id and start time, so a lock of a
 * killed process is taken over even if its id is in use again. Removes temporary files that a kill left in the folder.
 *
 * A torn lock costs half a second.
 *
 * @throws The error of `inUse` if another running process, or this one, holds the lock.
 * @throws The file system's own error, such as `EACCES`.
 */
export const takeLock = async (options: FileLockOptions): Promise<FileLock> => {
  const path = resolve(options.path);
  const holder = identityOf(process.pid);
  if (held.has(path)) throw options.inUse(holder);
  held.add(path);
  let text = JSON.stringify({ holder } satisfies LockRecord);
  try {
    await sweepTemporaries(dirname(path));
    await acquire(path, text, options);
  } catch (thrown) {
    held.delete(path);
    throw thrown;
  }
  return {
    noteChild: async (pid) => {
      const noted = JSON.stringify({ holder, child: identityOf(pid) } satisfies LockRecord);
      const next = join(dirname(path), temporaryName());
      try {
        await writeFile(next, noted, { mode: privateFile });
        await rename(next, path);
        text = noted;
      } catch (thrown) {
        await unlink(next).catch(() => undefined);
        throw thrown;
      }
    },
    release: async () => {
      held.delete(path);
      // If the folder was replaced meanwhile, the lock there may be another program's.
      const found = await read(path).catch(() => undefined);
      if (found === text) await unlink(path).catch(() => undefined);
    },
  };
};
