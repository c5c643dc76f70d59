import type { JsonValue } from '../../../services/json.ts';
import type { Adapters } from '../../platform.ts';

/** File operations. */
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
   * Checks whether a file or a folder exists.
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
  /**
   * Packs the contents of a folder into a gzipped tar, atomically. Equal contents make equal archives.
   *
   * @throws {StorageError} `io`; `unsupported` where the platform has no folders
   * @example
   * await client.fileManager.createDirectory('readings');
   * await client.fileManager.createTarGz('readings', 'readings.tgz');
   */
  createTarGz(directory: string, path: string): Promise<void>;
  /**
   * Appends a value as a line of JSON, and drops the oldest lines above `maxLines`. Creates the file and its folder. The
   * cost does not depend on the length of the file.
   *
   * @param options Most lines to keep. @defaultValue all
   * @throws {StorageError} `io`, `unsupported`
   * @example
   * await client.fileManager.appendNdjson('readings.ndjson', { celsius: 21.5 }, { maxLines: 1_000 });
   */
  appendNdjson(path: string, value: JsonValue, options?: NdjsonOptions): Promise<void>;
  /**
   * Yields the value of each line of JSON, oldest first; none for a missing file. Passes over lines that are not JSON, such
   * as one that a power cut tore.
   *
   * @throws {StorageError} `io`
   * @example
   * for await (const reading of client.fileManager.iterNdjson('readings.ndjson')) console.log(reading);
   */
  iterNdjson(path: string): AsyncIterable<JsonValue>;
  /**
   * Drops the oldest lines above a number; does nothing for a missing file.
   *
   * @throws {StorageError} `io`
   * @example
   * await client.fileManager.trimNdjson('readings.ndjson', 100);
   */
  trimNdjson(path: string, maxLines: number): Promise<void>;
  /**
   * Copies a file over another one, atomically. Creates its folder.
   *
   * @throws {StorageError} `io`; `unsupported` where the platform has no folders, or for what is no file
   * @example
   * await client.fileManager.writeJson('calibration.json', { offset: -0.4 });
   * await client.fileManager.copyFile('calibration.json', 'backup/calibration.json');
   */
  copyFile(source: string, destination: string): Promise<void>;
  /**
   * Copies the contents of a folder into another one, which is created: files over files, links as links.
   *
   * @throws {StorageError} `io`; `unsupported` where the platform has no folders, or for what is no folder
   * @example
   * await client.fileManager.createDirectory('readings');
   * await client.fileManager.copyDirectory('readings', 'backup');
   */
  copyDirectory(source: string, destination: string): Promise<void>;
  /**
   * Creates a folder and its parents, for this user alone; does nothing if it is there.
   *
   * @throws {StorageError} `io`; `unsupported` where the platform has no folders
   * @example
   * await client.fileManager.createDirectory('readings/2026');
   */
  createDirectory(path: string): Promise<void>;
  /**
   * Removes a folder with all its contents, following no link; does nothing if there is none.
   *
   * @throws {StorageError} `io`; `unsupported` where the platform has no folders, or for what is no folder
   * @example
   * await client.fileManager.removeDirectory('readings/2026');
   */
  removeDirectory(path: string): Promise<void>;
}

/** Options of appending to a file of JSON lines. */
export interface NdjsonOptions {
  /** Most lines to keep; the oldest are dropped. @defaultValue all */
  readonly maxLines?: number | undefined;
}

async function* valuesOf(lines: AsyncIterable<Uint8Array>): AsyncGenerator<JsonValue> {
  const decoder = new TextDecoder();
  for await (const line of lines) {
    let value: JsonValue;
    try {
      value = JSON.parse(decoder.decode(line)) as JsonValue;
    } catch {
      continue;
    }
    yield value;
  }
}

export const createFileManager = ({
  storage,
  extract,
  folders,
}: Pick<Adapters, 'storage' | 'extract' | 'folders'>): FileManager => ({
  readJson: (path) => storage.readJson(path),
  writeJson: (path, data) => storage.writeJson(path, data),
  fileExists: async (path) => (await storage.exists(path)) || folders.exists(path),
  iterLinesBytes: async (path, onLine) => {
    for await (const line of storage.readLines(path)) await onLine(line);
  },
  lines: (path) => storage.readLines(path),
  extractTarGz: extract,
  createTarGz: (folder, archivePath) => folders.pack(folder, archivePath),
  appendNdjson: (path, value, { maxLines = Number.MAX_SAFE_INTEGER } = {}) =>
    storage.appendLines(path, [JSON.stringify(value)], maxLines),
  iterNdjson: (path) => valuesOf(storage.readLines(path)),
  trimNdjson: async (path, maxLines) => {
    if (await storage.exists(path)) await storage.appendLines(path, [], maxLines);
  },
  copyFile: (from, to) => folders.copyFile(from, to),
  copyDirectory: (from, to) => folders.copyFolder(from, to),
  createDirectory: (path) => folders.createFolder(path),
  removeDirectory: (path) => folders.removeFolder(path),
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
