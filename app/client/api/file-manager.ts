import type { JsonValue } from '../../../services/json.ts';
import type { Storage } from '../../../services/storage.ts';
import type { Adapters } from '../../platform.ts';

/** File operations; in a browser the files are documents in IndexedDB. */
export interface FileManager {
  /**
   * Reads a JSON file.
   *
   * @returns `undefined` for a missing file.
   * @throws {StorageError} `malformed`, `io`
   * @example
   * const calibration = await client.fileManager.readJson('calibration.json');
   */
  readJson(path: string): Promise<JsonValue | undefined>;
  /**
   * Replaces a JSON file atomically: a crash leaves the old or the new one. Creates its folder.
   *
   * @throws {StorageError} `io`
   * @example
   * await client.fileManager.writeJson('calibration.json', { offset: -0.4 });
   */
  writeJson(path: string, data: JsonValue): Promise<void>;
  /**
   * Checks whether a file exists.
   *
   * @example
   * const isCalibrated = await client.fileManager.fileExists('calibration.json');
   */
  fileExists(path: string): Promise<boolean>;
  /**
   * Calls `onLine` with each non-empty line, as bytes without the line end, and awaits it.
   *
   * @throws {StorageError} `io`; any error that `onLine` throws.
   * @example
   * await client.fileManager.iterLinesBytes('env.json', (line) => console.log(line.length));
   */
  iterLinesBytes(path: string, onLine: (line: Uint8Array) => unknown): Promise<void>;
  /**
   * Yields each non-empty line, as bytes without the line end.
   *
   * @throws {StorageError} `io`
   * @example
   * for await (const line of client.fileManager.lines('env.json')) console.log(line.length);
   */
  lines(path: string): AsyncIterable<Uint8Array>;
  /**
   * Unpacks a tar archive: plain, or compressed by zlib, gzip or raw deflate.
   *
   * @throws {FirmwareError} The archive is invalid or too large; nothing is unpacked then.
   * @example
   * await client.restClient.downloadUpdate('update.tgz');
   * await client.fileManager.extractTarGz('update.tgz', 'unpacked');
   */
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

/**
 * Returns the directory part of a path; `''` when it has none.
 *
 * @example
 * import { dirname } from 'pepeunit-client';
 *
 * dirname('/data/unit/env.json'); // '/data/unit'
 */
export const dirname = (path: string): string => {
  const end = path.replace(/\/+$/, '').lastIndexOf('/');
  return end > 0 ? path.slice(0, end) : end === 0 ? '/' : '';
};
