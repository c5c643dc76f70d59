import { randomBytes } from 'node:crypto';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isInUse } from './process-identity.ts';

const pattern = /^\.pepeunit-(\d+)-[0-9a-f]{16}\.tmp$/;
const staleMs = 3_600_000;

/** A new unique name with the id of the writing process. */
export const temporaryName = (): string => `.pepeunit-${process.pid}-${randomBytes(8).toString('hex')}.tmp`;

/** Whether a name is a durable write's temporary file. */
export const isTemporaryName = (name: string): boolean => pattern.test(name);

const isLeftOver = async (path: string, pid: number): Promise<boolean> => {
  if (!isInUse(pid)) return true;
  return Math.abs(Date.now() - (await lstat(path)).mtimeMs) > staleMs;
};

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const sweepIn = async (folder: string, names: readonly string[]): Promise<string[]> => {
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

/**
 * Removes temporary files that killed writes left in a folder: their process is gone, or they are older than an hour.
 *
 * @returns Names of the removed files. Files that can't be removed stay; they are harmless.
 */
export const sweepTemporaries = async (folder: string): Promise<string[]> => sweepIn(folder, await namesIn(folder));

/**
 * Removes temporary files from the folder of a lock file, and what killed programs of earlier releases left beside it:
 * `LOCK.PID` and `LOCK.PID.new`. Files of programs that run stay.
 */
export const sweepLockFolder = async (path: string): Promise<void> => {
  const start = `${basename(path)}.`;
  const names = await namesIn(dirname(path));
  await sweepIn(dirname(path), names);
  for (const name of names.filter((one) => one.startsWith(start))) {
    const pid = /^(\d+)(?:\.new)?$/.exec(name.slice(start.length))?.[1];
    const rest = join(dirname(path), name);
    if (pid !== undefined && (await isLeftOver(rest, Number(pid)).catch(() => false))) {
      await unlink(rest).catch(() => undefined);
    }
  }
};

const sweeping = new Map<string, Promise<unknown>>();

/** Removes temporary files of a folder on its first use by this process. */
export const sweepOnce = async (folder: string): Promise<void> => {
  const key = resolve(folder);
  const started = sweeping.get(key) ?? sweepTemporaries(key);
  sweeping.set(key, started);
  await started;
};
