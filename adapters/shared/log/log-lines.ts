import { StorageError } from '../../../services/errors.ts';
import type { LogEntry, LogLevel } from '../../../services/log.ts';
import type { Storage } from '../../../services/storage.ts';
import { isJsonObject } from '../../../services/json.ts';

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (char: string): string => {
  const code = char.charCodeAt(0);
  return escapes[char] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`);
};

/** Makes one printable line of any text: line ends and control characters, which terminals obey, become escapes. */
export const oneLine = (text: string): string =>
  text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, escaped);

/** Keeps a JSON text the same when parsed, with nothing in it that ends a line or that a terminal obeys. */
export const oneJsonLine = (json: string): string =>
  json.replaceAll(/[\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** An entry as one line of NDJSON. */
export const entryLine = (entry: LogEntry): string => oneJsonLine(JSON.stringify(entry));

/** The last `count` lines. */
export const newest = (lines: readonly string[], count: number): string[] => (count > 0 ? lines.slice(-count) : []);

const levels: Readonly<Record<LogLevel, true>> = {
  Debug: true,
  Info: true,
  Warning: true,
  Error: true,
  Critical: true,
};

/** Whether a stored value is an entry that the backend takes. */
const isEntry = (value: unknown): boolean =>
  isJsonObject(value) &&
  typeof value['level'] === 'string' &&
  Object.hasOwn(levels, value['level']) &&
  typeof value['text'] === 'string';

/** The line as text; `undefined` for one that was torn by a crash or is no entry. */
const intactLine = (bytes: Uint8Array): string | undefined => {
  try {
    const line = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trimStart();
    return isEntry(JSON.parse(line)) ? line : undefined;
  } catch {
    return undefined;
  }
};

/** What was stored. */
export interface StoredLines {
  /** The newest entries, as JSON texts, oldest first. */
  readonly lines: string[];
  /** Whether nothing had to be left out, be it torn, no entry, or too much. */
  readonly isWhole: boolean;
}

/**
 * Reads the newest stored entries, leaving out torn lines; stops early at a line that is too long to be an entry.
 *
 * @throws {StorageError} `io`
 */
export const loadLines = async (storage: Storage, path: string, count: number): Promise<StoredLines> => {
  let lines: string[] = [];
  let isWhole = true;
  try {
    for await (const bytes of storage.readLines(path)) {
      const line = intactLine(bytes);
      if (line === undefined) isWhole = false;
      else lines.push(line);
      if (lines.length > 2 * count) {
        lines = newest(lines, count);
        isWhole = false;
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof StorageError) || thrown.code === 'io') throw thrown;
    isWhole = false;
  }
  return { lines: newest(lines, count), isWhole: isWhole && lines.length <= count };
};
