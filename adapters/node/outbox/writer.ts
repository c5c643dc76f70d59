import { randomInt } from 'node:crypto';
import * as files from 'node:fs/promises';
import { StorageError } from '../../../services/errors.ts';
import { privateFile, syncFolder } from '../fs/durable-file.ts';
import { isMissing } from '../fs/errors.ts';
import { segmentOf, type Segment } from './recovery.ts';

/** An open segment. */
export interface OutboxHandle {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** File operations of the outbox; tests trace them and make them fail. */
export interface OutboxFs {
  open(path: string, flags: string, mode: number): Promise<OutboxHandle>;
  unlink(path: string): Promise<void>;
}

/** The host's own file system. */
export const hostOutboxFs: OutboxFs = files;

/** Writes all bytes, in as many calls as it takes. */
const writeAll = async (handle: OutboxHandle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
};

/** Options of the segments. */
export interface SegmentsOptions {
  readonly folder: string;
  readonly fs: OutboxFs;
  /** Bytes after which a new segment begins. */
  readonly segmentBytes: number;
}

/** The current segment. */
interface Current {
  readonly segment: Segment;
  readonly handle: OutboxHandle;
}

interface Written {
  readonly segment: Segment;
  readonly records: readonly Buffer[];
}

export const lost = (folder: string, cause?: unknown): StorageError =>
  new StorageError(
    'lost',
    `Files of the outbox in ${folder} were removed or changed by another program. What waits is written again.`,
    { cause },
  );

const lostIfMissing = (folder: string) => (thrown: unknown) => {
  throw isMissing(thrown) ? lost(folder, thrown) : thrown;
};

const beginSegment = async ({ folder, fs }: SegmentsOptions, segments: Segment[]): Promise<Current> => {
  const segment = segmentOf(folder, (segments.at(-1)?.number ?? 0) + 1, randomInt(2 ** 32));
  const handle = await fs.open(segment.path, 'wx', privateFile).catch(lostIfMissing(folder));
  segments.push(segment);
  return { segment, handle };
};

/** Writes records to the newest segment and begins a new one at the size limit. */
export const createWriter = (options: SegmentsOptions, segments: Segment[]) => {
  const { folder, segmentBytes } = options;
  let current: Current | undefined;
  let isSynced = true;
  let isListed = true;
  const begin = async () => {
    current = await beginSegment(options, segments);
    isListed = false;
    return current;
  };
  const sync = async () => {
    if (current && !isSynced) await current.handle.datasync();
    isSynced = true;
    if (!isListed) await syncFolder(folder).catch(lostIfMissing(folder));
    isListed = true;
  };
  const end = async () => {
    const ended = current;
    if (!ended) return;
    try {
      await sync();
    } finally {
      current = undefined;
      await ended.handle.close();
    }
  };
  const room = async () => {
    if (current && current.segment.bytes >= segmentBytes) await end();
    return current ?? begin();
  };
  return {
    sync,
    end,
    isCurrent: (segment: Segment) => segment === current?.segment,
    /** Writes records, encoded with the salt of their segment. */
    write: async (encode: (salt: number) => readonly Buffer[]): Promise<Written> => {
      const { segment, handle } = await room();
      const records = encode(segment.salt);
      const bytes = Buffer.concat(records);
      try {
        await writeAll(handle, bytes, segment.bytes);
      } catch (thrown) {
        // No record may follow a torn one, so this segment ends here.
        await handle.truncate(segment.bytes).catch(() => undefined);
        await end().catch(() => undefined);
        throw thrown;
      }
      segment.bytes += bytes.length;
      isSynced = false;
      return { segment, records };
    },
    /** Empties the current segment, whose records are obsolete. */
    reset: async () => {
      if (!current || current.segment.bytes === 0) return;
      await current.handle.truncate(0);
      current.segment.bytes = 0;
    },
  };
};
