import * as files from 'node:fs/promises';
import { FirmwareError } from '../../../services/errors.ts';
import { codeOf, type DurableFs } from './file-system.ts';

/** What is at a path itself, links not followed. */
export interface PathStats {
  readonly mode: number;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** The operations that swapping and restoring versions are made of; tests count them, kill at them and make them fail. */
export interface FirmwareFs extends DurableFs {
  lstat(path: string): Promise<PathStats>;
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
export const hostFirmwareFs: FirmwareFs = files;

const full = new Set(['ENOSPC', 'EDQUOT']);

/** A failure of the disk, told as one of the firmware's; any other error as it is. */
export const ioError = (what: string, cause: unknown): unknown => {
  if (!(cause instanceof Error && 'syscall' in cause)) return cause;
  const code = codeOf(cause) ?? 'unexpected';
  return full.has(code)
    ? new FirmwareError('space', `${what}: the disk is full (${code}). Free space and update again.`, { cause })
    : new FirmwareError('io', `${what} (${code}). Check the disk's space and the folder's permissions.`, { cause });
};

/** What is at a path; `undefined` when nothing is. */
export const statsOf = async (fs: FirmwareFs, path: string): Promise<PathStats | undefined> => {
  try {
    return await fs.lstat(path);
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(cause) ?? '')) return undefined;
    throw cause;
  }
};
