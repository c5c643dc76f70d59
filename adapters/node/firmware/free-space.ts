import { FirmwareError } from '../../../services/errors.ts';
import type { ArchiveLimits } from '../../../services/firmware.ts';
import type { FileSystem } from '../fs/file-system.ts';

/** What an update leaves free on the disk, bytes. */
const reserve = 1024 * 1024;

const tooFull = (free: number, cause?: unknown): FirmwareError =>
  new FirmwareError('space', `The firmware needs more than the ${free} bytes that the disk has to spare. Free space.`, {
    cause,
  });

/**
 * Runs an unpacking under the limits that the free space allows as well.
 *
 * @throws {FirmwareError} `space` when that is what the firmware has too much for.
 */
export const withinFreeSpace = async <T>(
  fs: FileSystem,
  folder: string,
  limits: ArchiveLimits,
  unpack: (limits: ArchiveLimits) => Promise<T>,
): Promise<T> => {
  const { bavail, bsize, blocks } = await fs.statfs(folder);
  const free = Math.max(0, bavail * bsize - reserve);
  // Some file systems don't tell: they have no blocks at all.
  if (blocks === 0 || free >= limits.unpackedBytes) return unpack(limits);
  if (free === 0) throw tooFull(free);
  try {
    return await unpack({ ...limits, unpackedBytes: free });
  } catch (cause) {
    throw cause instanceof FirmwareError && cause.code === 'tooLarge' ? tooFull(free, cause) : cause;
  }
};
