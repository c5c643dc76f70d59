import { closeSync, open, write } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { FirmwareError } from '../../../services/errors.ts';
import type { ArchiveLimits } from '../../../services/firmware.ts';
import { readArchive, type ArchiveEntry } from '../../shared/archive/archive.ts';
import { isClientsOwn, type NameRules } from '../../shared/archive/entry-names.ts';
import type { TreeLink } from '../../shared/archive/links.ts';
import { privateFile, privateFolder } from '../fs/durable-file.ts';
import { hostFs, type Content, type FileSystem } from '../fs/file-system.ts';
import { codeOf, ioError } from '../fs/errors.ts';
import { inside } from '../fs/file-tree.ts';
import { createConcurrencyLimiter, type ConcurrencyLimiter } from '../fs/concurrency-limiter.ts';
import { syncTree } from '../fs/sync-tree.ts';
import { nameRulesOf } from './name-rules.ts';
import { zlibDecompress } from './zlib.ts';

const ownerExecutes = 0o100;
/** Files up to this size are written whole and concurrently, larger ones as a stream. */
const maxWholeBytes = 256 * 1024;

/** Options of unpacking. */
export interface UnpackOptions {
  /** @defaultValue the host's own */
  readonly fs?: FileSystem;
  /** Whether a name at the archive's root is passed over. @defaultValue none is */
  readonly leftOut?: (name: string) => boolean;
  /** @defaultValue found out on the folder's disk */
  readonly rulesOf?: (fs: FileSystem, folder: string) => Promise<NameRules>;
}

/** Counts of an unpacked archive. */
export interface Unpacked {
  /** Files and links. */
  readonly files: number;
  readonly bytes: number;
}

/** Writes a new file, without a sync. */
type WriteNew = (path: string, mode: number, content: Content) => Promise<void>;

const openFile = promisify(open);
const writeSome = promisify(write);

const byHandle =
  (fs: FileSystem): WriteNew =>
  async (path, mode, content) => {
    const file = await fs.open(path, 'wx', mode);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
  };

const byDescriptor = async (path: string, mode: number, bytes: Uint8Array): Promise<void> => {
  const file = await openFile(path, 'wx', mode);
  try {
    for (let at = 0; at < bytes.length;) at += (await writeSome(file, bytes, at)).bytesWritten;
  } finally {
    // Closing is immediate: the bytes are in the page cache.
    closeSync(file);
  }
};

/** Uses bare descriptors on the host's own file system: with thousands of files, each costs a third less. */
const newFileWriter = (fs: FileSystem): WriteNew => {
  const general = byHandle(fs);
  if (fs !== hostFs) return general;
  return (path, mode, content) =>
    content instanceof Uint8Array ? byDescriptor(path, mode, content) : general(path, mode, content);
};

const readWhole = async ({ content, size }: ArchiveEntry): Promise<Uint8Array> => {
  const whole = Buffer.allocUnsafe(size);
  let at = 0;
  for await (const chunk of content) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
};

/** Error codes of disks, and of hosts, that make no symbolic links. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'UNKNOWN']);

const makeLink = async (fs: FileSystem, root: string, { path, target }: TreeLink): Promise<void> => {
  try {
    await fs.symlink(target, inside(root, path));
  } catch (cause) {
    if (!noLinks.has(codeOf(cause) ?? '')) throw cause;
    const name = JSON.stringify(path);
    throw new FirmwareError(
      'unsupported',
      `The archive was refused: ${name} is a symbolic link, and this disk can't hold any. Replace it by a file in the unit's repository, and commit that.`,
      { cause },
    );
  }
};

/** Writes entries into a folder and records the folders and files that it created; links wait for the end. */
const createTreeWriter = (fs: FileSystem, root: string, writes: ConcurrencyLimiter) => {
  const folders = new Set([root]);
  const files: string[] = [];
  const links: TreeLink[] = [];
  const writeNew = newFileWriter(fs);
  const makeFolder = async (folder: string): Promise<void> => {
    if (folders.has(folder)) return;
    await fs.mkdir(folder, { recursive: true, mode: privateFolder });
    for (let above = folder; !folders.has(above); above = dirname(above)) folders.add(above);
  };
  const writeFileOf = async (path: string, entry: ArchiveEntry): Promise<void> => {
    await makeFolder(dirname(path));
    files.push(path);
    const mode = entry.isExecutable ? privateFile | ownerExecutes : privateFile;
    if (entry.size > maxWholeBytes) return writeNew(path, mode, entry.content);
    const content = await readWhole(entry);
    await writes.add(entry.size, () => writeNew(path, mode, content));
  };
  return {
    folders,
    files,
    links,
    write: async (entry: ArchiveEntry): Promise<void> => {
      const path = inside(root, entry.path);
      if (entry.kind === 'file') return writeFileOf(path, entry);
      if (entry.kind === 'folder') return makeFolder(path);
      await makeFolder(dirname(path));
      links.push({ path: entry.path, target: entry.target });
    },
    makeLinks: async (): Promise<void> => {
      for (const link of links) await makeLink(fs, root, link);
    },
  };
};

const rootOf = (path: string): string => path.split('/', 1)[0] ?? '';

const unpackAll = async (
  folder: string,
  archive: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
  { fs, leftOut, rulesOf }: Required<UnpackOptions>,
  writes: ConcurrencyLimiter,
): Promise<Unpacked> => {
  const tree = createTreeWriter(fs, folder, writes);
  let bytes = 0;
  for await (const entry of readArchive(archive, limits, await rulesOf(fs, folder), zlibDecompress)) {
    if (leftOut(rootOf(entry.path))) continue;
    if (isClientsOwn(entry.path)) {
      const name = JSON.stringify(entry.path);
      throw new FirmwareError('hostile', `The archive was refused: ${name} has a name that belongs to this client.`);
    }
    await tree.write(entry);
    bytes += entry.size;
  }
  await writes.whenIdle();
  await tree.makeLinks();
  await syncTree(fs, folder, [...tree.folders], tree.files);
  return { files: tree.files.length + tree.links.length, bytes };
};

/**
 * Unpacks an archive into an empty folder: files 0600, executable ones 0700, symbolic links as they are. Makes the links
 * last, and follows none. Everything is synced when it returns.
 *
 * @throws {FirmwareError} `malformed`, `hostile`, `tooLarge`, `unsupported` for a link where the disk can't hold one,
 *   `io`; the folder then holds a part of the archive, with no write in progress.
 */
export const unpackInto = async (
  folder: string,
  archive: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
  { fs = hostFs, leftOut = () => false, rulesOf = nameRulesOf }: UnpackOptions = {},
): Promise<Unpacked> => {
  const writes = createConcurrencyLimiter();
  try {
    return await unpackAll(folder, archive, limits, { fs, leftOut, rulesOf }, writes);
  } catch (cause) {
    // The first failure is the one to report.
    await writes.whenIdle().catch(() => undefined);
    throw ioError('The archive could not be unpacked', cause);
  }
};
