import { createHash } from 'node:crypto';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../../../services/errors.ts';
import { isJsonObject, type JsonValue } from '../../../services/json.ts';
import { replaceFile } from '../fs/durable-file.ts';
import { isMissing } from '../fs/errors.ts';
import { hostFs } from '../fs/file-system.ts';
import { giveToFolderOwner } from '../fs/ownership.ts';
import { readJson } from '../fs/read-json.ts';

/** Progress of a download. */
export interface Progress {
  /** Bytes synced to disk. */
  readonly bytes: number;
  /** ETag or date by which the server recognises the same file (RFC 9110, section 8.8). */
  readonly validator: string;
  /** Size of the whole file, if the server stated it. */
  readonly total?: number;
}

/** A download in progress; its synced part survives a crash. */
export interface PartialFile {
  readonly path: string;
  /** Progress so far; `undefined` if there is nothing to resume. */
  progress(): Promise<Progress | undefined>;
  /**
   * Writes chunks from a position on and cuts off the old content behind it.
   *
   * @param known The server's description of the whole file. Without a validator the part is not kept for a later call.
   * @returns The size on disk. A failing source leaves its received part on disk.
   */
  write(
    from: number,
    chunks: AsyncIterable<Uint8Array>,
    known: Omit<Progress, 'bytes' | 'validator'> & { validator?: string },
  ): Promise<number>;
  /** Removes it. */
  remove(): Promise<void>;
}

/** Bytes of a download that a crash may cost at most. */
const syncEveryBytes = 1024 * 1024;
const maxRecordBytes = 64 * 1024;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const parseProgress = (value: JsonValue | undefined): Progress | undefined => {
  if (!isJsonObject(value) || value['format'] !== 1) return undefined;
  const { bytes, validator, total } = value;
  if (!isCount(bytes) || bytes === 0 || typeof validator !== 'string') return undefined;
  return { bytes, validator, ...(isCount(total) && { total }) };
};

/** A name that can't leave the folder and doesn't disclose the link. */
const nameFor = (link: string): string => createHash('sha256').update(link).digest('hex').slice(0, 32);

export const partialFile = (folder: string, link: string): PartialFile => {
  const path = join(folder, `${nameFor(link)}.part`);
  const recordPath = join(folder, `${nameFor(link)}.json`);
  const forget = () => rm(recordPath, { force: true });
  return {
    path,
    progress: async () => {
      try {
        const progress = parseProgress(await readJson(recordPath, maxRecordBytes));
        return progress && (await stat(path)).size >= progress.bytes ? progress : undefined;
      } catch (cause) {
        if (cause instanceof StorageError || isMissing(cause)) return undefined;
        throw cause;
      }
    },
    write: async (from, chunks, { validator, total }) => {
      const file = await open(path, from > 0 ? 'r+' : 'w', 0o600);
      await giveToFolderOwner(file, path, hostFs);
      let bytes = from;
      const keep = async (handle: FileHandle): Promise<void> => {
        await handle.sync();
        if (validator === undefined) return forget();
        const record = { format: 1, bytes, validator, ...(total !== undefined && { total }) };
        await replaceFile(recordPath, JSON.stringify(record));
      };
      try {
        await file.truncate(from);
        let unsynced = 0;
        for await (const chunk of chunks) {
          await file.write(chunk, 0, chunk.length, bytes);
          bytes += chunk.length;
          unsynced += chunk.length;
          if (unsynced < syncEveryBytes) continue;
          await keep(file);
          unsynced = 0;
        }
      } finally {
        try {
          await keep(file);
        } finally {
          await file.close();
        }
      }
      return bytes;
    },
    remove: async () => {
      await rm(path, { force: true });
      await forget();
    },
  };
};
