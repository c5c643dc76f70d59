import { randomBytes } from 'node:crypto';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isInUse } from './process-identity.ts';

const pattern = /^\.pepeunit-(\d+)-[0-9a-f]{16}\.tmp$/;
const staleMs = 3_600_000;

/** A new name that no document has, with the id of the writing process in it. */
export const temporaryName = (): string => `.pepeunit-${process.pid}-${randomBytes(8).toString('hex')}.tmp`;

/** Whether a name is that of a durable write's temporary file. */
export const isTemporaryName = (name: string): boolean => pattern.test(name);

const isLeftOver = async (path: string, pid: number): Promise<boolean> => {
  if (!isInUse(pid)) return true;
  return Math.abs(Date.now() - (await lstat(path)).mtimeMs) > staleMs;
};

/**
 * Removes what killed writes left in a folder: temporary files whose process is gone, or that are older than an hour.
 *
 * @returns The names of those removed. What can't be read or removed stays: nobody ever reads it.
 */
export const sweepTemporaries = async (folder: string): Promise<string[]> => {
  const names = await readdir(folder).catch(() => []);
  const removed: string[] = [];
  for (const name of names) {
    const pid = pattern.exec(name)?.[1];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const swept = await isLeftOver(path, Number(pid)).then(
      (stale) => stale && unlink(path).then(() => true),
      () => false,
    );
    if (swept) removed.push(name);
  }
  return removed;
};

const sweeping = new Map<string, Promise<unknown>>();

/** Sweeps a folder the first time that this process uses it. */
export const sweepOnce = async (folder: string): Promise<void> => {
  const key = resolve(folder);
  const started = sweeping.get(key) ?? sweepTemporaries(key);
  sweeping.set(key, started);
  await started;
};
