import { stat } from 'node:fs/promises';
import { isLoss } from '../../../services/errors.ts';
import type { StoredMessage } from '../../../services/outbox.ts';
import { encodeMessage, encodeRemoval } from './records.ts';
import { liveRecords, type Place, type Recovered, type Segment } from './recovery.ts';
import { createWriter, lost, type SegmentsOptions } from './writer.ts';
import { isMissing } from '../fs/errors.ts';

/** Segments of a small outbox before they are merged. */
const fewSegments = 8;

/** The files of an open outbox. One call at a time. */
export interface Segments {
  append(messages: readonly StoredMessage[]): Promise<void>;
  remove(ids: readonly number[]): Promise<void>;
  /** Syncs all written records. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const sizeOf = async (path: string): Promise<number | undefined> => {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
};

/** Index of the kept messages and their sizes. */
const createLedger = (places: Map<number, Place>) => {
  let liveBytes = [...places.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const forget = (id: number) => {
    const place = places.get(id);
    if (!place) return;
    places.delete(id);
    place.segment.live -= 1;
    liveBytes -= place.bytes;
  };
  return {
    places,
    forget,
    put: (id: number, segment: Segment, bytes: number) => {
      forget(id);
      places.set(id, { segment, bytes });
      segment.live += 1;
      liveBytes += bytes;
    },
    /** Drops the unreadable messages of a segment. */
    forgetIn: (segment: Segment) => {
      for (const [id, place] of places) if (place.segment === segment) forget(id);
    },
    bytes: () => liveBytes,
  };
};

const unlessMissing = (thrown: unknown): void => {
  if (!isMissing(thrown)) throw thrown;
};

/** Checks that the segments are still there and unchanged. @throws {StorageError} `lost` */
const checkFiles = async (folder: string, segments: readonly Segment[]): Promise<void> => {
  for (const { path, bytes, live } of segments) {
    if (live > 0 && (await sizeOf(path)) !== bytes) throw lost(folder);
  }
};

/** A failed cleanup is retried after the next append, unless files are gone. */
const passOver = (thrown: unknown): void => {
  if (isLoss(thrown)) throw thrown;
};

/** Opens recovered segments for writing: new records go to a new segment. */
export const openSegments = (options: SegmentsOptions, { segments, places }: Recovered): Segments => {
  const { fs, segmentBytes } = options;
  const writer = createWriter(options, segments);
  const ledger = createLedger(places);

  const add = async (messages: readonly StoredMessage[]) => {
    const { segment, records } = await writer.write((salt) => messages.map((message) => encodeMessage(message, salt)));
    messages.forEach(({ id }, index) => ledger.put(id, segment, records[index]?.length ?? 0));
  };
  /** Deletes dead segments, oldest first, so that a removal outlives the message that it removes. */
  const deleteDead = async () => {
    for (let oldest = segments[0]; oldest && oldest.live === 0 && !writer.isCurrent(oldest); oldest = segments[0]) {
      await fs.unlink(oldest.path).catch(unlessMissing);
      segments.shift();
    }
  };
  const isWasteful = () => {
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    const live = ledger.bytes();
    return bytes > 2 * (live + segmentBytes) || segments.length > fewSegments + (2 * live) / segmentBytes;
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
    for (let oldest = segments[0]; oldest && isWasteful() && !writer.isCurrent(oldest); oldest = segments[0]) {
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
      if (places.size > 0 && kept.length > 0) await writer.write((salt) => [encodeRemoval(kept, salt)]);
      await tidy();
      if (places.size === 0) await writer.reset();
    },
    sync: async () => {
      await writer.sync();
      await checkFiles(options.folder, segments);
    },
    close: async () => {
      await writer.end();
      await deleteDead();
    },
  };
};
