import { constants } from 'node:fs';
import { readdir, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { StoredMessage } from '../../../services/outbox.ts';
import { openRegularFile } from '../fs/open-regular-file.ts';
import { ignoreMissing } from '../fs/errors.ts';
import { encodeNothing, maxRecordBytes, readRecords, type Entry, type Span } from './records.ts';

/** Number and salt of a segment, in its name. */
const pattern = /^(\d{8,15})(?:-([\da-f]{8}))?\.log$/;
const likeness = /^\d+.*\.log$/;
/** Bytes kept of damaged records. */
const maxAsideBytes = 1024 * 1024;

/** One file of an outbox. */
export interface Segment {
  readonly number: number;
  /** Initial value of each record's CRC. */
  readonly salt: number;
  readonly path: string;
  bytes: number;
  /** Messages in it that are not removed. */
  live: number;
}

/** Segment and size of a message. */
export interface Place {
  readonly segment: Segment;
  readonly bytes: number;
}

/** Contents of an outbox's files. */
export interface Recovered {
  readonly segments: Segment[];
  readonly messages: Map<number, StoredMessage>;
  readonly places: Map<number, Place>;
  lastId: number;
  damaged: number;
  /** Names that look like a segment but are not one. */
  readonly strange: string[];
}

/** Whether a name looks like that of a segment. */
export const isSegmentLike = (name: string): boolean => likeness.test(name);

/** Contents of an outbox without files. */
export const nothingRecovered = (): Recovered => ({
  segments: [],
  messages: new Map(),
  places: new Map(),
  lastId: 0,
  damaged: 0,
  strange: [],
});

/** An empty segment. */
export const segmentOf = (folder: string, number: number, salt: number): Segment => {
  const name = `${String(number).padStart(8, '0')}-${salt.toString(16).padStart(8, '0')}.log`;
  return { number, salt, path: join(folder, name), bytes: 0, live: 0 };
};

/** Lists the segments of a folder, oldest first, and the names that look like one and are none. */
export const listSegments = async (folder: string) => {
  const segments: Segment[] = [];
  const strange: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const [, number, salt = '0'] = pattern.exec(entry.name) ?? [];
    if (number !== undefined && entry.isFile()) {
      const path = join(folder, entry.name);
      segments.push({ number: Number(number), salt: Number.parseInt(salt, 16), path, bytes: 0, live: 0 });
    } else if (isSegmentLike(entry.name)) strange.push(entry.name);
  }
  return { segments: segments.toSorted((a, b) => a.number - b.number), strange };
};

/** Keeps damaged bytes for inspection, up to a limit. */
const keepDamaged = async (folder: string, bytes: Uint8Array): Promise<void> => {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants;
  const handle = await openRegularFile(join(folder, 'damaged.bin'), O_APPEND | O_CREAT | O_WRONLY);
  if (!handle) return;
  try {
    const { size } = await handle.stat();
    await handle.appendFile(bytes.subarray(0, Math.max(0, maxAsideBytes - size)));
  } finally {
    await handle.close();
  }
};

/** Opens a segment; `undefined` if it is no regular file or too large. */
const openSegment = async ({ path }: Segment): Promise<FileHandle | undefined> => {
  const handle = await openRegularFile(path, constants.O_RDWR);
  if (!handle || (await handle.stat()).size <= maxRecordBytes) return handle;
  await handle.close();
  return undefined;
};

const forget = ({ messages, places }: Recovered, id: number): void => {
  const place = places.get(id);
  if (place) place.segment.live -= 1;
  messages.delete(id);
  places.delete(id);
};

/** Applies a record to what was read before it. */
export const applyEntry = (recovered: Recovered, segment: Segment, entry: Entry): void => {
  if ('removed' in entry) return entry.removed.forEach((id) => forget(recovered, id));
  const { message, bytes } = entry;
  // A message that was being moved to a newer segment is in both.
  forget(recovered, message.id);
  recovered.messages.set(message.id, message);
  recovered.places.set(message.id, { segment, bytes });
  recovered.lastId = Math.max(recovered.lastId, message.id);
  segment.live += 1;
};

/** Moves a damaged span aside and fills its place with an empty record, so that it is reported once. */
const mend = async (folder: string, handle: FileHandle, bytes: Buffer, [from, to]: Span, salt: number) => {
  await keepDamaged(folder, bytes.subarray(from, to));
  const nothing = encodeNothing(to - from, salt);
  if (nothing) await handle.write(nothing, 0, nothing.length, from);
};

const recoverSegment = async (folder: string, handle: FileHandle, segment: Segment, recovered: Recovered) => {
  const bytes = await handle.readFile();
  const { entries, damaged, end, isTorn } = readRecords(bytes, segment.salt);
  for (const entry of entries) applyEntry(recovered, segment, entry);
  for (const span of damaged) await mend(folder, handle, bytes, span, segment.salt);
  recovered.damaged += damaged.length;
  segment.bytes = end;
  if (end === bytes.length) return;
  // A kill can only tear the newest segment, the one written to.
  if (!isTorn || segment !== recovered.segments.at(-1)) {
    await keepDamaged(folder, bytes.subarray(end));
    recovered.damaged += 1;
  }
  await handle.truncate(end);
};

/** Reads every segment, oldest first; cuts off torn tails, moves damage aside, and skips everything else. */
export const recoverOutbox = async (folder: string): Promise<Recovered> => {
  const { segments: listed, strange } = await listSegments(folder);
  const segments = [...listed];
  const recovered: Recovered = { ...nothingRecovered(), segments, strange };
  for (const segment of listed) {
    const handle = await openSegment(segment);
    if (!handle) {
      segments.splice(segments.indexOf(segment), 1);
      strange.push(basename(segment.path));
      continue;
    }
    try {
      await recoverSegment(folder, handle, segment, recovered);
    } finally {
      await handle.close();
    }
  }
  return recovered;
};

/** The kept messages of a segment, as encoded in the file. */
export const liveRecords = async (
  segment: Segment,
  places: ReadonlyMap<number, Place>,
): Promise<readonly StoredMessage[]> => {
  const handle = await openSegment(segment).catch(ignoreMissing);
  if (!handle) return [];
  try {
    const { entries } = readRecords(await handle.readFile(), segment.salt);
    const messages = entries.flatMap((entry) => ('message' in entry ? [entry.message] : []));
    return messages.filter(({ id }) => places.get(id)?.segment === segment);
  } finally {
    await handle.close();
  }
};
