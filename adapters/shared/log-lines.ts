import { StorageError } from '../../services/errors.ts';
import type { LogEntry } from '../../services/log.ts';
import type { Storage } from '../../services/storage.ts';
import { oneJsonLine } from './one-line.ts';

/** An entry as one line of NDJSON. */
export const entryLine = (entry: LogEntry): string => oneJsonLine(JSON.stringify(entry));

/** The last `count` lines. */
export const newest = (lines: readonly string[], count: number): string[] => (count > 0 ? lines.slice(-count) : []);

const isEntry = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'level' in value &&
  typeof value.level === 'string' &&
  'text' in value &&
  typeof value.text === 'string';

/** The line as text; `undefined` for one that was torn by a crash or is no entry. */
const intactLine = (bytes: Uint8Array): string | undefined => {
  try {
    const line = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return isEntry(JSON.parse(line)) ? line : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Reads the newest stored entries, leaving out torn lines; stops early at a line that is too long to be an entry.
 *
 * @throws {StorageError} `io`
 */
export const loadLines = async (storage: Storage, path: string, count: number): Promise<string[]> => {
  let lines: string[] = [];
  try {
    for await (const bytes of storage.readLines(path)) {
      const line = intactLine(bytes);
      if (line !== undefined) lines.push(line);
      if (lines.length > 2 * count) lines = newest(lines, count);
    }
  } catch (thrown) {
    if (!(thrown instanceof StorageError) || thrown.code === 'io') throw thrown;
  }
  return newest(lines, count);
};
