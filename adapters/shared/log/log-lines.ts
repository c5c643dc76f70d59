import { StorageError } from '../../../services/errors.ts';
import type { LogEntry, LogLevel } from '../../../services/log.ts';
import type { Storage } from '../../../services/storage.ts';
import { isJsonObject } from '../../../services/json.ts';

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (char: string): string => {
  const code = char.charCodeAt(0);
  return escapes[char] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`);
};

/** Turns any text into one printable line: line ends and control characters, which terminals execute, are escaped. */
export const oneLine = (text: string): string =>
  text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, escaped);

/** Escapes line ends and terminal control characters in a JSON text without changing its value. */
export const oneJsonLine = (json: string): string =>
  json.replaceAll(/[\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

let lastEntry: LogEntry | undefined;
let lastLine = '';

/** An entry as one line of NDJSON; made once for all sinks, which ask for it one after the other. */
export const entryLine = (entry: LogEntry): string => {
  if (entry === lastEntry) return lastLine;
  lastLine = oneJsonLine(JSON.stringify(entry));
  lastEntry = entry;
  return lastLine;
};

/** The last `count` lines. */
export const newest = (lines: readonly string[], count: number): string[] => (count > 0 ? lines.slice(-count) : []);

const levels: Readonly<Record<LogLevel, true>> = {
  Debug: true,
  Info: true,
  Warning: true,
  Error: true,
  Critical: true,
};

/** Whether a stored value is a valid log entry. */
const isEntry = (value: unknown): boolean =>
  isJsonObject(value) &&
  typeof value['level'] === 'string' &&
  Object.hasOwn(levels, value['level']) &&
  typeof value['text'] === 'string';

/** The line as text; `undefined` if it is torn or not an entry. */
const intactLine = (bytes: Uint8Array): string | undefined => {
  try {
    const line = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trimStart();
    return isEntry(JSON.parse(line)) ? line : undefined;
  } catch {
    return undefined;
  }
};

/** Result of loading the log. */
export interface StoredLines {
  /** The newest entries, as JSON texts, oldest first. */
  readonly lines: string[];
  /** Whether no line was left out as torn, invalid, or beyond the limit. */
  readonly isWhole: boolean;
}

/**
 * Reads the newest stored entries and skips torn lines; stops early at a line that is too long.
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
