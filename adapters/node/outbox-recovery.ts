import { appendFile, readdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredMessage } from '../../services/outbox.ts';
import { readRecords, type Entry } from './outbox-records.ts';
import { isMissing } from './read-document.ts';

const pattern = /^(\d{8,})\.log$/;
/** The most that is kept of damaged records. */
const maxAsideBytes = 1024 * 1024;

/** One file of an outbox. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  bytes: number;
  /** Messages in it that were not removed. */
  live: number;
}

/** Where a message is, and how much it takes there. */
export interface Place {
  readonly segment: Segment;
  readonly bytes: number;
}

/** What the files of an outbox say. */
export interface Recovered {
  readonly segments: Segment[];
  readonly messages: Map<number, StoredMessage>;
  readonly places: Map<number, Place>;
  lastId: number;
  damaged: number;
}

export const segmentPath = (folder: string, number: number): string =>
  join(folder, `${String(number).padStart(8, '0')}.log`);

const listSegments = async (folder: string): Promise<Segment[]> => {
  const numbers = (await readdir(folder)).flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number);
  return numbers
    .toSorted((a, b) => a - b)
    .map((number) => ({ number, path: segmentPath(folder, number), bytes: 0, live: 0 }));
};

/** Keeps bytes that are no records for somebody who wants to know what happened. */
const putAside = async (folder: string, bytes: Uint8Array): Promise<void> => {
  const path = join(folder, 'damaged.bin');
  const size = await stat(path).then(
    (found) => found.size,
    (thrown: unknown) => {
      if (isMissing(thrown)) return 0;
      throw thrown;
    },
  );
  if (size + bytes.length <= maxAsideBytes) await appendFile(path, bytes, { mode: 0o600 });
};

const forget = ({ messages, places }: Recovered, id: number): void => {
  const place = places.get(id);
  if (place) place.segment.live -= 1;
  messages.delete(id);
  places.delete(id);
};

const apply = (recovered: Recovered, segment: Segment, entry: Entry): void => {
  if ('removed' in entry) return entry.removed.forEach((id) => forget(recovered, id));
  const { message, bytes } = entry;
  // A message that was on its way to a newer segment is in both.
  forget(recovered, message.id);
  recovered.messages.set(message.id, message);
  recovered.places.set(message.id, { segment, bytes });
  recovered.lastId = Math.max(recovered.lastId, message.id);
  segment.live += 1;
};

/** Reads every segment, oldest first; cuts off torn tails, and puts aside what is damaged. */
export const recoverOutbox = async (folder: string): Promise<Recovered> => {
  const segments = await listSegments(folder);
  const recovered: Recovered = { segments, messages: new Map(), places: new Map(), lastId: 0, damaged: 0 };
  for (const segment of segments) {
    const bytes = await readFile(segment.path);
    const { entries, damaged, end } = readRecords(bytes);
    for (const entry of entries) apply(recovered, segment, entry);
    const isTornByKill = segment === segments.at(-1);
    const lost = isTornByKill || end === bytes.length ? damaged : [...damaged, [end, bytes.length] as const];
    for (const [from, to] of lost) await putAside(folder, bytes.subarray(from, to));
    recovered.damaged += lost.length;
    if (end < bytes.length) await truncate(segment.path, end);
    segment.bytes = end;
  }
  return recovered;
};

/** The messages of a segment that are still kept there, as they stand in the file. */
export const liveRecords = async (
  segment: Segment,
  places: ReadonlyMap<number, Place>,
): Promise<readonly StoredMessage[]> => {
  const { entries } = readRecords(await readFile(segment.path));
  const messages = entries.flatMap((entry) => ('message' in entry ? [entry.message] : []));
  return messages.filter(({ id }) => places.get(id)?.segment === segment);
};
