import { FirmwareError, StorageError } from '../../../services/errors.ts';

/** The code of a system call's error, such as `ENOENT`. */
export const codeOf = (thrown: unknown): string | undefined => {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
};

/** Whether an error means that the file does not exist. */
export const isMissing = (thrown: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(thrown) ?? '');

/** Passes over a file that does not exist. @throws Any other error */
export const ignoreMissing = (thrown: unknown): undefined => {
  if (!isMissing(thrown)) throw thrown;
};

const generalAdvice = "Check the disk's free space and the permissions of the file and its folder.";
const advice: Readonly<Record<string, string>> = {
  EBUSY: 'Mount the folder that it is in rather than the file alone.',
  EEXIST: 'What should be a folder is a file, or a link that leads nowhere: move it away.',
  EISDIR: 'What should be a file is a folder: move it away.',
  ELOOP: 'A link leads back to itself: put it right.',
  ENOENT: 'There is no such file or folder: check the name.',
  ENOTDIR: 'What should be its folder is a file: check the name.',
};

/** Turns a file system's error into a storage error that names the document. */
export const storageError = (path: string, action: string, cause: unknown): StorageError => {
  if (cause instanceof StorageError) return cause;
  const code = codeOf(cause) ?? 'unexpected';
  return new StorageError('io', `${path} can't be ${action} (${code}). ${advice[code] ?? generalAdvice}`, { cause });
};

const fullDisk = new Set(['ENOSPC', 'EDQUOT']);

/** Turns a file system's error into a firmware error, `io` or `space`; any other error stays as it is. */
export const ioError = (what: string, cause: unknown): unknown => {
  if (!(cause instanceof Error && 'syscall' in cause)) return cause;
  const code = codeOf(cause) ?? 'unexpected';
  if (code === 'EXDEV') {
    const help = "Keep .pepeunit on the device of the unit's folder, and mount that as a whole.";
    return new FirmwareError('io', `${what}: no file moves from one device to another (EXDEV). ${help}`, { cause });
  }
  return fullDisk.has(code)
    ? new FirmwareError('space', `${what}: the disk is full (${code}). Free space and update again.`, { cause })
    : new FirmwareError('io', `${what} (${code}). Check the disk's space and the folder's permissions.`, { cause });
};

/** Error of a swap or unpacking that a blocking file prevents before anything moves. */
export const inTheWay = (path: string, why: string): FirmwareError =>
  new FirmwareError('io', `${path} ${why}: nothing was put in place. Move it away and update again.`);
