import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveLimits } from '../../../services/firmware.ts';
import { listTree, makePrivateFolder, moveOver } from '../fs/file-tree.ts';
import { ioError } from '../fs/errors.ts';
import { unpackInto } from './unpack.ts';

/**
 * Unpacks an archive file (tar; plain, or in zlib, gzip or raw deflate) into a folder, over what is there.
 *
 * @returns What to call with the archive's path and the folder, which is made if need be. It throws `FirmwareError`
 * `malformed`, `hostile`, `tooLarge` or `io`; unless the disk failed half way, nothing is unpacked then.
 */
export const extractArchive =
  (limits: ArchiveLimits) =>
  async (archivePath: string, destination: string): Promise<void> => {
    const staging = join(destination, `.pepeunit-unpack-${randomUUID()}`);
    try {
      await makePrivateFolder(staging);
      await unpackInto(staging, createReadStream(archivePath), limits);
      const { folders, files } = await listTree(staging);
      await moveOver(staging, destination, folders, files);
    } catch (cause) {
      throw ioError(`${archivePath} could not be unpacked`, cause);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  };
