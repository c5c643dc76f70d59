import { join } from 'node:path';
import { makeFolder } from '../../../adapters/node/fs/durable-file.ts';
import { takeLock, watchPatiently, type FileLock, type LockWait } from '../../../adapters/node/fs/lock.ts';
import { InstanceError } from '../errors.ts';
import { attempt } from './disk.ts';

/**
 * Locks the folder of an instance's data. A lock of a killed process gives way.
 *
 * @param onWait Called once where it takes time to see whether the holder of the lock still runs.
 * @param signal Ends that wait: it rejects.
 * @throws {InstanceError} `taken` while another instance uses it, `io` where it can't be written.
 */
export const lockData = (
  dataDir: string,
  onWait: (wait: LockWait) => void,
  signal: AbortSignal | undefined,
): Promise<FileLock> =>
  attempt('written', dataDir, async () => {
    await makeFolder(dataDir);
    return takeLock({
      path: join(dataDir, 'lock.json'),
      inUse: (holder) =>
        new InstanceError(
          'taken',
          `Another instance uses the folder ${dataDir} (process ${holder?.pid ?? 'unknown'}). End it, or name another folder.`,
        ),
      watch: watchPatiently(onWait, signal),
    });
  });
