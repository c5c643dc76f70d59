import type { JsonValue } from '../../../services/json.ts';
import type { Storage } from '../../../services/storage.ts';
import type { Adapters } from '../../platform.ts';

/** Files of the unit; on a browser, documents of its storage. */
export interface FileManager {
  /** @returns `undefined` when there is no such file. @throws {StorageError} `malformed`, `io` */
  readJson(path: string): Promise<JsonValue | undefined>;
  /** Replaces a file durably and at once; creates its folder. @throws {StorageError} `io` */
  writeJson(path: string, data: JsonValue): Promise<void>;
  fileExists(path: string): Promise<boolean>;
  /** Calls `onLine` with each non-empty line, as bytes without the line end. */
  iterLinesBytes(path: string, onLine: (line: Uint8Array) => unknown): Promise<void>;
  /** Yields each non-empty line, as bytes without the line end. */
  lines(path: string): AsyncIterable<Uint8Array>;
  /** Unpacks a tar archive, plain or in zlib, gzip or raw deflate. @throws {FirmwareError} Nothing is unpacked then. */
  extractTarGz(path: string, destination: string): Promise<void>;
}

export const createFileManager = (storage: Storage, extract: Adapters['extract']): FileManager => ({
  readJson: (path) => storage.readJson(path),
  writeJson: (path, data) => storage.writeJson(path, data),
  fileExists: (path) => storage.exists(path),
  iterLinesBytes: async (path, onLine) => {
    for await (const line of storage.readLines(path)) await onLine(line);
  },
  lines: (path) => storage.readLines(path),
  extractTarGz: extract,
});

/** The directory part of a path; `''` when it has none. */
export const dirname = (path: string): string => {
  const end = path.replace(/\/+$/, '').lastIndexOf('/');
  return end > 0 ? path.slice(0, end) : end === 0 ? '/' : '';
};
