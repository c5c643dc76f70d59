import type { StoredMessage } from '../../services/outbox.ts';
import { syncFolder } from './durable-file.ts';
import { writeAll, type OutboxFs, type OutboxHandle } from './outbox-fs.ts';
import { encodeMessage, encodeRemoval } from './outbox-records.ts';
import { liveRecords, segmentPath, type Place, type Recovered, type Segment } from './outbox-recovery.ts';

/** Segments that a small outbox may have before they are joined. */
const fewSegments = 8;

/** What a segment log may be given. */
export interface SegmentsOptions {
  readonly folder: string;
  readonly fs: OutboxFs;
  /** Bytes after which a new segment is begun. */
  readonly segmentBytes: number;
}

/** The files of an open outbox. One call at a time. */
export interface Segments {
  append(messages: readonly StoredMessage[]): Promise<void>;
  remove(ids: readonly number[]): Promise<void>;
  /** Makes what was written durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The segment that is written to. */
const createWriter = ({ folder, fs, segmentBytes }: SegmentsOptions, segments: Segment[]) => {
  let current: { readonly segment: Segment; readonly handle: OutboxHandle } | undefined;
  let isSynced = true;
  let isListed = true;
  const begin = async () => {
    const number = (segments.at(-1)?.number ?? 0) + 1;
    const segment = { number, path: segmentPath(folder, number), bytes: 0, live: 0 };
    const handle = await fs.open(segment.path, 'wx', 0o600);
    segments.push(segment);
    isListed = false;
    current = { segment, handle };
    return current;
  };
  const sync = async () => {
    if (current && !isSynced) await current.handle.datasync();
    isSynced = true;
    if (!isListed) await syncFolder(folder);
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
    /** @returns The segment that the bytes are in. */
    write: async (bytes: Uint8Array): Promise<Segment> => {
      const { segment, handle } = await room();
      try {
        await writeAll(handle, bytes, segment.bytes);
      } catch (thrown) {
        // Nothing may be written behind a torn record, so this segment ends here.
        await handle.truncate(segment.bytes).catch(() => undefined);
        await end().catch(() => undefined);
        throw thrown;
      }
      segment.bytes += bytes.length;
      isSynced = false;
      return segment;
    },
    /** Empties the segment that is written to: nothing in it counts any more. */
    reset: async () => {
      if (!current || current.segment.bytes === 0) return;
      await current.handle.truncate(0);
      current.segment.bytes = 0;
    },
  };
};

/** Where the messages that are kept are, and what they take up. */
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
    /** Gives up what can't be read in a segment any more. */
    forgetIn: (segment: Segment) => {
      for (const [id, place] of places) if (place.segment === segment) forget(id);
    },
    bytes: () => liveBytes,
  };
};

/** Goes on with the files that were recovered: new records go to a new segment. */
export const openSegments = (options: SegmentsOptions, { segments, places }: Recovered): Segments => {
  const { fs, segmentBytes } = options;
  const writer = createWriter(options, segments);
  const ledger = createLedger(places);

  const add = async (messages: readonly StoredMessage[]) => {
    const records = messages.map(encodeMessage);
    const segment = await writer.write(Buffer.concat(records));
    messages.forEach(({ id }, index) => ledger.put(id, segment, records[index]?.length ?? 0));
  };
  /** Deletes dead segments from the oldest on, so that no removal is forgotten before what it removed. */
  const deleteDead = async () => {
    for (let oldest = segments[0]; oldest && oldest.live === 0 && !writer.isCurrent(oldest); oldest = segments[0]) {
      await fs.unlink(oldest.path);
      segments.shift();
    }
  };
  const isWasteful = () => {
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    const live = ledger.bytes();
    return bytes > 2 * (live + segmentBytes) || segments.length > fewSegments + (2 * live) / segmentBytes;
  };
  /** Moves what lives in the oldest segments to the newest one, while dead records take up too much. */
  const tidy = async () => {
    await deleteDead();
    for (let oldest = segments[0]; oldest && isWasteful() && !writer.isCurrent(oldest); oldest = segments[0]) {
      await add(await liveRecords(oldest, places));
      ledger.forgetIn(oldest);
      await writer.sync();
      await deleteDead();
    }
  };

  return {
    append: async (messages) => {
      await add(messages);
      await tidy();
    },
    remove: async (ids) => {
      const kept = ids.filter((id) => places.has(id));
      kept.forEach(ledger.forget);
      if (places.size > 0 && kept.length > 0) await writer.write(encodeRemoval(kept));
      await tidy();
      if (places.size === 0) await writer.reset();
    },
    sync: writer.sync,
    close: async () => {
      await writer.end();
      await deleteDead();
    },
  };
};
