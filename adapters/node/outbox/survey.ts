import { constants } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../fs/errors.ts';
import { openRegularFile } from '../fs/open-regular-file.ts';
import { maxRecordBytes, readRecords } from './records.ts';
import { applyEntry, listSegments, nothingRecovered, type Segment } from './recovery.ts';

/** What is in an outbox. */
export interface OutboxSurvey {
  /** Messages that wait. */
  readonly waiting: number;
  /** Bytes that they take on disk. */
  readonly bytes: number;
  /** Places that can't be read. */
  readonly damaged: number;
  /** Messages that could not be delivered. */
  readonly dead: number;
}

/** Reads a file up to the size limit of a segment; `undefined` if there is none, or it is larger or no regular file. */
const readBytes = async (path: string): Promise<Buffer | undefined> => {
  try {
    const handle = await openRegularFile(path, constants.O_RDONLY);
    if (!handle) return undefined;
    try {
      return (await handle.stat()).size > maxRecordBytes ? undefined : await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
};

const segmentsIn = async (folder: string): Promise<readonly Segment[]> => {
  try {
    return (await listSegments(folder)).segments;
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
};

/**
 * Looks into an outbox without locking or changing it; a unit may be at work there.
 *
 * @throws The file system's own error.
 */
export const surveyOutbox = async (folder: string): Promise<OutboxSurvey> => {
  const segments = await segmentsIn(folder);
  const found = nothingRecovered();
  let damaged = 0;
  for (const segment of segments) {
    const bytes = await readBytes(segment.path);
    if (!bytes) continue;
    const records = readRecords(bytes, segment.salt);
    for (const entry of records.entries) applyEntry(found, segment, entry);
    const isCutOff = records.isTorn && segment === segments.at(-1);
    damaged += records.damaged.length + (records.end === bytes.length || isCutOff ? 0 : 1);
  }
  const dead = (await readBytes(join(folder, 'dead.ndjson')))?.toString().split('\n') ?? [];
  return {
    waiting: found.messages.size,
    bytes: [...found.places.values()].reduce((sum, place) => sum + place.bytes, 0),
    damaged,
    dead: dead.filter((line) => line !== '').length,
  };
};
