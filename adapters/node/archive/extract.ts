import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveLimits } from '../../../services/firmware.ts';
import { privateFolder, syncFolder } from '../fs/durable-file.ts';
import { inTheWay, ioError } from '../fs/errors.ts';
import { hostFs, statsOf } from '../fs/file-system.ts';
import { inside, parentOf, walkTree } from '../fs/file-tree.ts';
import { unpackInto } from './unpack.ts';

/** Creates a folder and its missing parents for this user alone, whatever the umask. */
const makePrivateFolder = async (folder: string): Promise<void> => {
  const first = await mkdir(folder, { recursive: true, mode: privateFolder });
  if (first !== undefined) await chmod(folder, privateFolder);
};

/** Checks that nothing blocks a path, above all no link that leads elsewhere. @throws {FirmwareError} `io` */
const checkPlaces = async (to: string, folders: readonly string[], files: readonly string[]): Promise<void> => {
  for (const path of folders) {
    const stats = await statsOf(hostFs, inside(to, path));
    if (stats && !stats.isDirectory()) throw inTheWay(path, 'has to be a folder, and is none');
  }
  for (const path of files) {
    const stats = await statsOf(hostFs, inside(to, path));
    if (stats?.isDirectory()) throw inTheWay(path, 'has to be a file, and is a folder');
  }
};

/**
 * Moves the files of one folder over those of another on the same file system by renames. Leaves other files alone and
 * syncs every changed folder.
 *
 * @throws {FirmwareError} `io`; files moved before the failure stay in place.
 */
const moveOver = async (from: string, to: string): Promise<void> => {
  const folders: string[] = [];
  const files: string[] = [];
  for await (const { path, stats } of walkTree(from)) (stats.isDirectory() ? folders : files).push(path);
  await checkPlaces(to, folders, files);
  for (const path of folders) await mkdir(inside(to, path), { recursive: true, mode: privateFolder });
  for (const path of files) await rename(inside(from, path), inside(to, path));
  for (const path of new Set([...folders, ...files].map(parentOf))) await syncFolder(inside(to, path));
};

/** Opens the file when its first bytes are wanted, so that its error has a reader. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path);
}

/**
 * Unpacks an archive file (tar, plain or in zlib, gzip or raw deflate) over the contents of a folder.
 *
 * @returns A function of the archive's path and the folder, which it creates if missing. It throws `FirmwareError`
 *   `malformed`, `hostile`, `tooLarge`, `unsupported` or `io`, and then unpacks nothing, unless the disk failed half way.
 */
export const extractArchive =
  (limits: ArchiveLimits) =>
  async (archivePath: string, destination: string): Promise<void> => {
    const staging = join(destination, `.pepeunit-unpack-${randomUUID()}`);
    try {
      await makePrivateFolder(staging);
      await unpackInto(staging, bytesOf(archivePath), limits);
      await moveOver(staging, destination);
    } catch (cause) {
      throw ioError(`${archivePath} could not be unpacked`, cause);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  };
