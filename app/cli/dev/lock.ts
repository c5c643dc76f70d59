import { join } from 'node:path';
import { makeFolder } from '../../../adapters/node/fs/durable-file.ts';
import { takeLock } from '../../../adapters/node/fs/lock.ts';
import type { ProcessIdentity } from '../../../adapters/node/fs/process-identity.ts';
import { ProcessError } from '../../../services/errors.ts';

const inUse = (holder: ProcessIdentity | undefined) =>
  new ProcessError('taken', `Another pepeunit dev runs this unit (process ${holder?.pid ?? 'unknown'}). End it first.`);

/** Works in the folder of a unit's own instance, as the only one who does. @throws {ProcessError} `taken` */
export const withDevLock = async <T>(folder: string, work: () => Promise<T>): Promise<T> => {
  await makeFolder(folder);
  const lock = await takeLock({ path: join(folder, 'dev.json'), inUse });
  try {
    return await work();
  } finally {
    await lock.release();
  }
};
