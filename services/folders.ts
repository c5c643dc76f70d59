/**
 * Folders and whole files of the host. Where there are none, as in a browser, nothing exists and every other method throws
 * `StorageError` `unsupported`.
 */
export interface Folders {
  /** Whether there is anything at a path: a file, a folder, a device. @throws {StorageError} `io` */
  exists(path: string): Promise<boolean>;
  /** Reads a file as a stream. @throws {StorageError} `io`, while it is read */
  readFile(path: string): AsyncIterable<Uint8Array>;
  /** Copies a file over another one, atomically, with its permissions. Creates the folder. @throws {StorageError} `io` */
  copyFile(from: string, to: string): Promise<void>;
  /** Copies the contents of a folder into another one: files over files, links as links. @throws {StorageError} `io` */
  copyFolder(from: string, to: string): Promise<void>;
  /** Creates a folder and its parents; does nothing if it is there. @throws {StorageError} `io` */
  createFolder(path: string): Promise<void>;
  /**
   * Removes a folder with all its contents, following no link; does nothing if there is none.
   *
   * @throws {StorageError} `io`; `unsupported` for a file
   */
  removeFolder(path: string): Promise<void>;
  /**
   * Packs the contents of a folder into a gzipped tar, which is replaced atomically. Equal contents make equal archives.
   *
   * @throws {StorageError} `io`
   */
  pack(folder: string, archivePath: string): Promise<void>;
}
