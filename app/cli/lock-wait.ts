import type { LockWait } from '../../adapters/node/fs/lock.ts';

/** Says what a command waits for before it takes over the lock of a folder, and how long at most. */
export const lockWaitText = (folder: string, { pid, atMostMs }: LockWait): string =>
  `${folder} is locked by process ${pid}, which can't be seen from here, as in another container. Waiting up to ${Math.ceil(atMostMs / 1000)} s for a sign that it runs.`;
