import { appendFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeadLetter } from '../../services/outbox.ts';
import { isMissing } from './read-document.ts';

/** Bytes after which the file is put behind the one before it, which goes. */
const fileBytes = 512 * 1024;

const lineOf = ({ message, reason, reasonCode }: DeadLetter): string => {
  const { topic, payload, qos, retain, acceptedMs } = message;
  const acceptedAt = acceptedMs === undefined ? undefined : new Date(acceptedMs).toISOString();
  return `${JSON.stringify({ topic, payload: Buffer.from(payload).toString('base64'), qos, retain, acceptedAt, reason, reasonCode })}\n`;
};

const sizeOf = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if (isMissing(thrown)) return 0;
    throw thrown;
  }
};

/** Adds dead letters to `dead.ndjson`, payloads in base64; the newest megabyte or so is kept. */
export const writeLetters = async (folder: string, letters: readonly DeadLetter[]): Promise<void> => {
  const path = join(folder, 'dead.ndjson');
  if ((await sizeOf(path)) >= fileBytes) await rename(path, join(folder, 'dead.old.ndjson'));
  await appendFile(path, letters.map(lineOf).join(''), { mode: 0o600 });
};
