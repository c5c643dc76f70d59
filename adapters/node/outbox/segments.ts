import { randomInt } from 'node:crypto';
import * as files from 'node:fs/promises';
import { isLoss, StorageError } from '../../../services/errors.ts';
import type { StoredMessage } from '../../../services/outbox.ts';
import { privateFile, syncFolder } from '../fs/durable-file.ts';
import { ignoreMissing, isMissing } from '../fs/errors.ts';
import { giveToFolderOwner } from '../fs/ownership.ts';
import { encodeMessage, encodeRemoval } from './records.ts';
import { liveRecords, segmentOf, type Place, type Recovered, type Segment } from './recovery.ts';

/** Segments of a small outbox before they are merged. */
const fewSegments = 8;

/** An open segment. */
export interface OutboxHandle {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
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

const lost = (folder: string, cause?: unknown): StorageError =>
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
  await giveToFolderOwner(handle, segment.path, files);
  segments.push(segment);
  return { segment, handle };
};

/** Writes records to the newest segment and begins a new one at the size limit. */
const createWriter = (options: SegmentsOptions, segments: Segment[]) => {
  const { folder, segmentBytes } = options;
  let current: Current | undefined;
  let isSynced = true;
  let isListed = true;
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
  return {
    sync,
    end,
    isCurrent: (segment: Segment) => segment === current?.segment,
    /** The segment with room for more records, which are encoded with its salt. */
    room: async (): Promise<Current> => {
      if (current && current.segment.bytes >= segmentBytes) await end();
      if (current) return current;
      current = await beginSegment(options, segments);
      isListed = false;
      return current;
    },
    /** Writes records to the segment that `room` gave. */
    write: async ({ segment, handle }: Current, records: readonly Buffer[]) => {
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
    },
    /** Empties the current segment, whose records are obsolete. */
    reset: async () => {
      if (!current || current.segment.bytes === 0) return;
      await current.handle.truncate(0);
      current.segment.bytes = 0;
    },
  };
};

/** The files of an open outbox. One call at a time. */
export interface Segments {
  append(messages: readonly StoredMessage[]): Promise<void>;
  remove(ids: readonly number[]): Promise<void>;
  /** Syncs all written records. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Index of the kept messages and their sizes. */
const createLedger = (places: Map<number, Place>) => {
  const ledger = {
    bytes: 0,
    forget: (id: number) => {
      const place = places.get(id);
      if (!place) return;
      places.delete(id);
      place.segment.live -= 1;
      ledger.bytes -= place.bytes;
    },
    put: (id: number, segment: Segment, bytes: number) => {
      ledger.forget(id);
      places.set(id, { segment, bytes });
      segment.live += 1;
      ledger.bytes += bytes;
    },
    /** Drops the unreadable messages of a segment. */
    forgetIn: (segment: Segment) => {
      for (const [id, place] of places) if (place.segment === segment) ledger.forget(id);
    },
  };
  for (const { bytes } of places.values()) ledger.bytes += bytes;
  return ledger;
};

/** Checks that the segments are still there and unchanged. @throws {StorageError} `lost` */
const checkFiles = async (folder: string, segments: readonly Segment[]): Promise<void> => {
  for (const { path, bytes, live } of segments) {
    if (live === 0) continue;
    const stats = await files.stat(path).catch(ignoreMissing);
    if (stats?.size !== bytes) throw lost(folder);
  }
};

/** A failed cleanup is retried after the next append, unless files are gone. */
const passOver = (thrown: unknown): void => {
  if (isLoss(thrown)) throw thrown;
};

/** Whether dead records take up too much. */
const isWasteful = (segments: readonly Segment[], live: number, segmentBytes: number): boolean => {
  let bytes = 0;
  for (const segment of segments) bytes += segment.bytes;
  return bytes > 2 * (live + segmentBytes) || segments.length > fewSegments + (2 * live) / segmentBytes;
};

/** Opens recovered segments for writing: new records go to a new segment. */
export const openSegments = (options: SegmentsOptions, { segments, places }: Recovered): Segments => {
  const { fs, segmentBytes } = options;
  const writer = createWriter(options, segments);
  const ledger = createLedger(places);

  const add = async (messages: readonly StoredMessage[]) => {
    const current = await writer.room();
    const records: Buffer[] = [];
    for (const message of messages) records.push(encodeMessage(message, current.segment.salt));
    await writer.write(current, records);
    for (const [at, { id }] of messages.entries()) ledger.put(id, current.segment, records[at]?.length ?? 0);
  };
  /** Deletes dead segments, oldest first, so that a removal outlives the message that it removes. */
  const deleteDead = async () => {
    for (let oldest = segments[0]; oldest && oldest.live === 0 && !writer.isCurrent(oldest); oldest = segments[0]) {
      await fs.unlink(oldest.path).catch(ignoreMissing);
      segments.shift();
    }
  };
  const move = async (segment: Segment) => {
    const { live } = segment;
    const messages = await liveRecords(segment, places);
    await add(messages);
    ledger.forgetIn(segment);
    if (messages.length < live) throw lost(options.folder);
  };
  /** Moves live messages from the oldest segments to the newest while dead records take too much space. */
  const tidy = async () => {
    await deleteDead();
    while (isWasteful(segments, ledger.bytes, segmentBytes)) {
      const [oldest] = segments;
      if (!oldest || writer.isCurrent(oldest)) return;
      await move(oldest);
      await writer.sync();
      await deleteDead();
    }
  };

  return {
    append: async (messages) => {
      await add(messages);
      await tidy().catch(passOver);
    },
    remove: async (ids) => {
      const kept = ids.filter((id) => places.has(id));
      kept.forEach(ledger.forget);
      if (places.size > 0 && kept.length > 0) {
        const current = await writer.room();
        await writer.write(current, [encodeRemoval(kept, current.segment.salt)]);
      }
      await tidy();
      if (places.size === 0) await writer.reset();
    },
    sync: () => writer.sync().then(() => checkFiles(options.folder, segments)),
    close: async () => {
      await writer.end();
      await deleteDead();
    },
  };
};
