import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../../../adapters/node/fs/durable-file.ts';
import { takeLock, type FileLock } from '../../../adapters/node/fs/lock.ts';
import { InstanceError } from '../errors.ts';
import { attempt } from './disk.ts';

const watchEveryMs = 500;

/**
 * Locks the folder of an instance's data. A lock of a killed process gives way.
 *
 * @throws {InstanceError} `taken` while another instance uses it, `io` where it can't be written.
 */
export const lockData = (dataDir: string): Promise<FileLock> =>
  attempt('written', dataDir, async () => {
    await makeFolder(dataDir);
    return takeLock({
      path: join(dataDir, 'lock.json'),
      inUse: (holder) =>
        new InstanceError(
          'taken',
          `Another instance uses the folder ${dataDir} (process ${holder?.pid ?? 'unknown'}). End it, or name another folder.`,
        ),
      watch: () => delay(watchEveryMs),
    });
  });
