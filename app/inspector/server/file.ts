import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { StorageError } from '../../../services/errors.ts';
import { lineIn } from '../replay/shapes.ts';
import { maxSources, type Sources } from './sources.ts';

/** What a file had. */
export interface FileSummary {
  readonly lines: number;
  readonly units: number;
  /** Lines that are none of a recording, such as one that was cut; they were passed over. */
  readonly damaged: number;
}

/** Bounds for what a file brings. */
export const fileLimits = { maxLines: 1_000_000, maxBytes: 256 * 1024 * 1024 };

const batchLines = 1000;
/** Longest line, characters: as long as the longest message of a unit. */
const maxLine = 4 * 1024 * 1024;

const notOne = (path: string) =>
  new StorageError('malformed', `${path} is no recording. Give a file that an inspector has saved.`);

/** Looks at a file's first characters, so that nothing long is searched for lines in vain. @throws {StorageError} */
const checkStart = async (path: string): Promise<void> => {
  const file = await open(path);
  try {
    if (!(await file.stat()).isFile()) throw notOne(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    if (!/^\s*\[/.test(buffer.subarray(0, bytesRead).toString())) throw notOne(path);
  } finally {
    await file.close();
  }
};

/** The lines of a text in parts. One that is too long is told as `undefined`, so that nothing of it has to be kept. */
async function* linesIn(parts: AsyncIterable<string>): AsyncGenerator<string | undefined> {
  let begun = '';
  let isTooLong = false;
  for await (const part of parts) {
    const [first = '', ...rest] = part.split('\n');
    begun += first;
    isTooLong ||= begun.length > maxLine;
    if (isTooLong) begun = '';
    for (const next of rest) {
      yield isTooLong ? undefined : begun;
      isTooLong = false;
      begun = next;
    }
  }
  yield isTooLong ? undefined : begun;
}

/**
 * Reads a recording that was saved as a file into sources.
 *
 * @throws {StorageError} It can't be read, or is no recording.
 */
export const readRecording = async (path: string, sources: Sources): Promise<FileSummary> => {
  await checkStart(path);
  sources.showRecording(basename(path));
  const units = new Set<string>();
  const summary = { lines: 0, damaged: 0 };
  let unit = basename(path);
  let lost = 0;
  let batch: string[] = [];
  const flush = () => {
    if (batch.length === 0) return;
    if (!sources.add(unit, lost, batch))
      throw new StorageError('tooLarge', `${path} has more than ${maxSources} units.`);
    units.add(unit);
    summary.lines += batch.length;
    lost = 0;
    batch = [];
  };
  for await (const given of linesIn(createReadStream(path, 'utf8') as AsyncIterable<string>)) {
    const text = given?.trimEnd();
    if (text === '') continue;
    const line = text === undefined ? undefined : lineIn(text);
    if (text === undefined || !line) summary.damaged += 1;
    else if (line[0] === '#') {
      flush();
      [, unit, , lost] = line;
    } else if (batch.push(text) >= batchLines) flush();
  }
  flush();
  if (summary.lines === 0) throw notOne(path);
  return { ...summary, units: units.size };
};
