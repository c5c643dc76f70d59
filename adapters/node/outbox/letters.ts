import { constants } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../../services/errors.ts';
import type { DeadLetter } from '../../../services/outbox.ts';
import { openRegularFile } from '../fs/open-regular-file.ts';

/** Bytes after which the file is put behind the one before it, which goes. */
const fileBytes = 512 * 1024;

const lineOf = ({ message, reason, reasonCode }: DeadLetter): string => {
  const { topic, payload, qos, retain, acceptedMs, unit } = message;
  const acceptedAt = acceptedMs === undefined ? undefined : new Date(acceptedMs).toISOString();
  return `${JSON.stringify({ topic, payload: Buffer.from(payload).toString('base64'), qos, retain, acceptedAt, unit, reason, reasonCode })}\n`;
};

const openLetters = async (path: string) => {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants;
  const handle = await openRegularFile(path, O_APPEND | O_CREAT | O_WRONLY);
  if (handle) return handle;
  throw new StorageError('io', `${path} can't be written, as it is no file. Move it away.`);
};

/** Adds dead letters to `dead.ndjson`, payloads in base64; the newest megabyte or so is kept. */
export const writeLetters = async (folder: string, letters: readonly DeadLetter[]): Promise<void> => {
  const path = join(folder, 'dead.ndjson');
  let handle = await openLetters(path);
  try {
    if ((await handle.stat()).size >= fileBytes) {
      await handle.close();
      await rename(path, join(folder, 'dead.old.ndjson'));
      handle = await openLetters(path);
    }
    await handle.appendFile(letters.map(lineOf).join(''));
  } finally {
    await handle.close();
  }
};
