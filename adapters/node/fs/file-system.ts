import * as files from 'node:fs/promises';
import { isMissing } from './errors.ts';

/** Content of a file: whole, or as a stream of chunks. */
export type Content = Uint8Array | string | AsyncIterable<Uint8Array>;

/** Stats of a path. */
export interface PathStats {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** An open file or folder, reduced to the operations of a durable write. */
export interface DurableHandle {
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  writeFile(content: Content): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** An open file that can be read as well. */
interface ReadableHandle extends DurableHandle {
  createReadStream(options: { autoClose: false }): AsyncIterable<Uint8Array>;
}

/** The operations of a durable write. Tests trace them and make them fail. */
export interface DurableFs {
  open(path: string, flags: string, mode?: number): Promise<DurableHandle>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string, options: { recursive: boolean; mode: number }): Promise<string | undefined>;
  /** Follows no link. */
  lstat(path: string): Promise<PathStats>;
}

/** The operations of an update. Tests count them, kill at each of them and make them fail. */
export interface FileSystem extends DurableFs {
  open(path: string, flags: string, mode?: number): Promise<ReadableHandle>;
  /** Follows links. */
  stat(path: string): Promise<PathStats>;
  readdir(path: string): Promise<string[]>;
  readFile(path: string): Promise<Uint8Array>;
  readlink(path: string): Promise<string>;
  link(from: string, to: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  copyFile(from: string, to: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  statfs(path: string): Promise<{ readonly bavail: number; readonly bsize: number; readonly blocks: number }>;
}

/** The host's own file system. */
export const hostFs: FileSystem = files;

/** Stats of a path without following links; `undefined` if it does not exist. */
export const statsOf = async (fs: FileSystem, path: string): Promise<PathStats | undefined> => {
  try {
    return await fs.lstat(path);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause;
  }
};
