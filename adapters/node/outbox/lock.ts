import { constants } from 'node:fs';
import { link, rename, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StorageError } from '../../../services/errors.ts';
import { privateFile } from '../fs/durable-file.ts';
import { codeOf } from '../fs/file-system.ts';
import { openOwnFile } from '../fs/own-file.ts';
import { identityOf, isRunning } from '../fs/process-identity.ts';

const mostLockBytes = 256;

/** Folders that this process has. */
const held = new Set<string>();

/** Whether the process that wrote a lock still runs. One with this process's own id was there before it. */
const runs = (text: string): boolean => {
  const [, pid, since = ''] = /^(\d+) (.*)$/.exec(text) ?? [];
  return pid !== undefined && Number(pid) !== process.pid && isRunning({ pid: Number(pid), since: since || null });
};

const inUse = (folder: string) =>
  new StorageError('io', `The outbox in ${folder} is in use by another program of this unit. Stop one of the two.`);

/** What file systems say that have no second names for a file, such as FAT. */
const noLinks = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

/** Writes a lock, whole from the moment that it is there wherever the file system can. @returns Whether there was none. */
const write = async (path: string, text: string): Promise<boolean> => {
  const whole = `${path}.${process.pid}.new`;
  await writeFile(whole, text, { mode: privateFile });
  try {
    await link(whole, path).catch((thrown: unknown) => {
      if (!noLinks.has(codeOf(thrown) ?? '')) throw thrown;
      return writeFile(path, text, { mode: privateFile, flag: 'wx' });
    });
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  } finally {
    await unlink(whole);
  }
};

/** @returns `undefined` when there is no lock; what is no file says nothing. */
const read = async (path: string): Promise<string | undefined> => {
  try {
    const handle = await openOwnFile(path, constants.O_RDONLY);
    if (!handle) return '';
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostLockBytes), 0, mostLockBytes, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
};

/** Takes a dead process's lock away, and no other that came in its place meanwhile. */
const clear = async (path: string, dead: string): Promise<void> => {
  const aside = `${path}.${process.pid}`;
  await rename(path, aside).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  });
  const taken = await read(aside);
  // When it has a successor by now, that one is in the right.
  if (taken !== undefined && taken !== dead) await link(aside, path).catch(() => undefined);
  // A folder stays where it is now.
  if (taken !== undefined) await unlink(aside).catch(() => undefined);
};

/**
 * Takes a folder for this process alone.
 *
 * @returns Gives it up.
 * @throws {StorageError} `io` when another process that runs, or another outbox of this one, has it.
 */
export const lockFolder = async (folder: string): Promise<() => Promise<void>> => {
  const key = resolve(folder);
  if (held.has(key)) throw inUse(folder);
  held.add(key);
  const path = join(key, 'lock');
  // The start tells a process id that was given out again apart.
  const { pid, since } = identityOf(process.pid);
  const holder = `${pid} ${since ?? ''}`;
  try {
    for (let tries = 0; !(await write(path, holder)); tries += 1) {
      const text = await read(path);
      if (tries > 2 || (text !== undefined && runs(text))) throw inUse(folder);
      if (text !== undefined) await clear(path, text);
    }
  } catch (thrown) {
    held.delete(key);
    throw thrown;
  }
  return async () => {
    held.delete(key);
    // When the folder was taken away, another program may have one of the same name by now.
    if ((await read(path)) === holder) await unlink(path).catch(() => undefined);
  };
};
