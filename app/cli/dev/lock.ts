import { join } from 'node:path';
import { makeFolder } from '../../../adapters/node/fs/durable-file.ts';
import { takeLock, watchPatiently } from '../../../adapters/node/fs/lock.ts';
import type { ProcessIdentity } from '../../../adapters/node/fs/process-identity.ts';
import { ProcessError } from '../../../services/errors.ts';
import { lockWaitText } from '../lock-wait.ts';

const inUse = (holder: ProcessIdentity | undefined) =>
  new ProcessError('taken', `Another pepeunit dev runs this unit (process ${holder?.pid ?? 'unknown'}). End it first.`);

/** Options of the lock. */
interface DevLockOptions {
  readonly folder: string;
  /** Takes one line about what goes on. */
  readonly say: (line: string) => void;
  /** Ends the wait for a sign of the process that has the lock. */
  readonly signal: AbortSignal;
}

/**
 * Works in the folder of a unit's own instance, as the only one who does.
 *
 * @throws {ProcessError} `taken`. The reason of `signal` if it aborts during the wait.
 */
export const withDevLock = async <T>({ folder, say, signal }: DevLockOptions, work: () => Promise<T>): Promise<T> => {
  await makeFolder(folder);
  const watch = watchPatiently((wait) => say(lockWaitText(folder, wait)), signal);
  const lock = await takeLock({ path: join(folder, 'dev.json'), inUse, watch });
  try {
    return await work();
  } finally {
    await lock.release();
  }
};
