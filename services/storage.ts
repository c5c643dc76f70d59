import { StorageError } from './errors.ts';
import type { JsonValue } from './json.ts';

/**
 * Keeps the unit's documents: files on Node, IndexedDB in a browser.
 *
 * Each write but `appendLines` replaces the whole document durably and atomically: the next reader, even after a power
 * cut, finds either the old or the new document. Writes to one path happen in the order of the calls.
 */
export interface Storage {
  /**
   * Reads a JSON document.
   *
   * @returns `undefined` if there is none.
   * @throws {StorageError} `malformed` if it is not JSON, `tooLarge` above 16 MiB, `io` if it can't be read,
   *   `unsupported` for a pipe or a device.
   */
  readJson(path: string): Promise<JsonValue | undefined>;
  /**
   * Replaces a JSON document of at most 16 MiB.
   *
   * @throws {StorageError} `io`, `tooLarge`, or `unsupported` for values that JSON would change (dates, maps, `NaN`);
   *   the old document stays.
   */
  writeJson(path: string, value: JsonValue): Promise<void>;
  /**
   * Yields the non-empty lines of a text document as bytes, without line ends; none if there is no document.
   *
   * @throws {StorageError} `io`; `tooLarge` for a line of more than 16 MiB.
   */
  readLines(path: string): AsyncIterable<Uint8Array>;
  /** Replaces a text document by these lines. @throws {StorageError} `io`; the old document stays. */
  writeLines(path: string, lines: readonly string[]): Promise<void>;
  /**
   * Appends lines of JSON to a text document and removes the oldest lines above `maxLines`.
   *
   * Made for logs: the cost depends on the lines added and removed, not on the document. After a kill at any moment the
   * document holds whole lines alone, at most `maxLines`; a power cut may lose the lines of the last second, or tear
   * one. A line may start with spaces.
   *
   * @throws {StorageError} `io`, with none of the lines added; `unsupported` for a line with a line end.
   */
  appendLines(path: string, lines: readonly string[], maxLines: number): Promise<void>;
  /** Replaces a document by a stream of bytes. @throws {StorageError} `io`; the old document stays. */
  writeBytes(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Whether a document exists. @throws {StorageError} `io` */
  exists(path: string): Promise<boolean>;
  /** Removes a document; does nothing if there is none. @throws {StorageError} `io`, `unsupported` */
  remove(path: string): Promise<void>;
}

type DocumentErrorClass = new (code: 'missing' | 'malformed' | 'io', message: string, options?: ErrorOptions) => Error;

/**
 * Reads a document that the unit can't do without.
 *
 * @param what Name of the document to download if it is lost.
 * @throws `DocumentError` with code `missing`, `malformed` or `io`
 */
export const readDocument = async (
  storage: Storage,
  path: string,
  what: 'env' | 'schema',
  DocumentError: DocumentErrorClass,
): Promise<JsonValue> => {
  let document: JsonValue | undefined;
  try {
    document = await storage.readJson(path);
  } catch (cause) {
    if (cause instanceof DocumentError) throw cause;
    const isMalformed = cause instanceof StorageError && cause.code === 'malformed';
    throw isMalformed
      ? new DocumentError('malformed', `${path} is not JSON. Download the ${what} from the instance again.`, { cause })
      : new DocumentError('io', `${path} can't be read. Check the disk and the file's permissions.`, { cause });
  }
  if (document === undefined) {
    throw new DocumentError('missing', `${path} does not exist. Download the unit's ${what} from the instance.`);
  }
  return document;
};
