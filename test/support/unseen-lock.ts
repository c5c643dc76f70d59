import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes the lock of a process that was killed in a container: nothing here can tell whether it still runs. */
export const writeUnseenLock = async (path: string): Promise<void> => {
  const holder = { pid: 7, since: '1', place: 'another-boot pid:[1]' };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify({ holder, nonce: 'theirs', beat: 1 }));
};
