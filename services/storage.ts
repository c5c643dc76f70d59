import { StorageError } from './errors.ts';
import type { JsonValue } from './json.ts';

/**
 * Keeps the unit's documents: files on Node, IndexedDB in a browser.
 *
 * A write, but for `appendLines`, replaces the whole document, durably and at once: whoever reads next, even after a power cut, finds the
 * old one or the new one. Writes to one path happen in the order they were called.
 */
export interface Storage {
  /**
   * Reads a JSON document.
   *
   * @returns `undefined` when there is none.
   * @throws {StorageError} `malformed` when it is not JSON, `tooLarge` above 16 MiB, `io` when it can't be read,
   * `unsupported` for a pipe or a device.
   */
  readJson(path: string): Promise<JsonValue | undefined>;
  /**
   * Replaces a JSON document of at most 16 MiB.
   *
   * @throws {StorageError} The old document is then still there: `io`; `unsupported` for what JSON would change (dates, maps, `NaN`),
   * `tooLarge`.
   */
  writeJson(path: string, value: JsonValue): Promise<void>;
  /**
   * Yields the non-empty lines of a text document as bytes, without their line ends; none when there is no document.
   *
   * @throws {StorageError} `io`; `tooLarge` for a line of more than 16 MiB.
   */
  readLines(path: string): AsyncIterable<Uint8Array>;
  /** Replaces a text document by these lines. @throws {StorageError} `io`; the old document is then still there. */
  writeLines(path: string, lines: readonly string[]): Promise<void>;
  /**
   * Adds lines, each a JSON text, at the end of a text document, and lets the oldest go so that no more than `maxLines` remain.
   *
   * Made for logs: it costs about as much as the lines that come and go, not as the document. The document holds whole
   * lines alone, and never more than `maxLines`, after a kill at any moment; a power cut may cost the lines of the last
   * second, or tear one. A line may be found with spaces before it.
   *
   * @throws {StorageError} `io`; what could not be added is not there then. `unsupported` for a line with a line end.
   */
  appendLines(path: string, lines: readonly string[], maxLines: number): Promise<void>;
  /** Replaces a document by these bytes, as they come. @throws {StorageError} `io`; the old document is then still there. */
  writeBytes(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Whether there is a document. @throws {StorageError} `io` */
  exists(path: string): Promise<boolean>;
  /** Removes a document; does nothing when there is none. @throws {StorageError} `io`, `unsupported` */
  remove(path: string): Promise<void>;
}

type DocumentErrorClass = new (code: 'missing' | 'malformed' | 'io', message: string, options?: ErrorOptions) => Error;

/**
 * Reads a document that the unit can't do without.
 *
 * @param what What to ask the instance for when it is lost: `env` or `schema`.
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
