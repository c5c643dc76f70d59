import { createReadStream } from 'node:fs';
import * as files from 'node:fs/promises';
import { dirname } from 'node:path';
import { splitLines } from '../../shared/storage/lines.ts';
import { makeFolder, privateFile, replaceFile } from '../fs/durable-file.ts';
import { codeOf, isMissing } from '../fs/errors.ts';
import type { DurableFs } from '../fs/file-system.ts';
import { giveToFolderOwner } from '../fs/ownership.ts';

/** An open file, reduced to the operations of appending lines. */
interface LineHandle {
  stat(): Promise<{ readonly ino: number; readonly size: number }>;
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  truncate(size: number): Promise<void>;
  datasync(): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  close(): Promise<void>;
}

/** File operations of the line files; tests count them and make them fail. */
export interface LineFs {
  open(path: string, flags: 'r+' | 'wx', mode?: number): Promise<LineHandle>;
}

/** The host's own file system. */
export const hostLineFs: LineFs = files;

/** Cached layout of a file that this process wrote, so that removing its oldest lines needs no reading. */
interface KnownFile {
  readonly ino: number;
  size: number;
  /** Spaces before the first line. */
  spaces: number;
  /** Bytes of each line with its line end, oldest first. */
  readonly lengths: number[];
  syncedAt: number;
}

const space = 0x20;
const lineFeed = 0x0a;
/** Spaces that are not worth a rewrite. */
const fewSpaces = 16 * 1024;
const syncEveryMs = 1000;

const withoutSpaces = (line: Uint8Array): Uint8Array => line.subarray(line.findIndex((byte) => byte !== space));

const readLines = async (path: string): Promise<Uint8Array[]> => {
  const lines: Uint8Array[] = [];
  try {
    for await (const line of splitLines(path, createReadStream(path))) lines.push(withoutSpaces(line));
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
  return lines;
};

const writeAll = async (handle: LineHandle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
};

/** The oldest lines, which exceed the limit. */
interface Surplus {
  readonly count: number;
  readonly bytes: number;
}

/** Overwrites the oldest lines with spaces, which become leading space of the next line. */
const letGo = async (handle: LineHandle, file: KnownFile, { count, bytes }: Surplus): Promise<void> => {
  await writeAll(handle, new Uint8Array(bytes).fill(space), file.spaces);
  file.spaces += bytes;
  file.lengths.splice(0, count);
};

const add = async (handle: LineHandle, file: KnownFile, fresh: readonly Uint8Array[]): Promise<void> => {
  const bytes = Buffer.concat(fresh);
  const isSyncDue = performance.now() - file.syncedAt >= syncEveryMs;
  try {
    await writeAll(handle, bytes, file.size);
    if (isSyncDue) await handle.datasync();
  } catch (thrown) {
    await handle.truncate(file.size);
    throw thrown;
  }
  file.size += bytes.length;
  for (const { length } of fresh) file.lengths.push(length);
  if (isSyncDue) file.syncedAt = performance.now();
};

/** Whether there is a file already, or a link that leads nowhere. */
const isTaken = (thrown: unknown): boolean => codeOf(thrown) === 'EEXIST';

type Hosts = Pick<LineFilesOptions, 'fs' | 'lineFs'>;

const openNew = async (path: string, { fs, lineFs }: Hosts): Promise<LineHandle> => {
  const open = () => lineFs.open(path, 'wx', privateFile);
  try {
    return await open();
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    await makeFolder(dirname(path), fs);
    return open();
  }
};

/** Writes a new file. It is synced with a later append only: no earlier lines are at stake. */
const begin = async (path: string, fresh: readonly Uint8Array[], hosts: Hosts): Promise<KnownFile> => {
  const handle = await openNew(path, hosts);
  try {
    await giveToFolderOwner(handle, path, hosts.fs);
    await writeAll(handle, Buffer.concat(fresh), 0);
    const { ino, size } = await handle.stat();
    return { ino, size, spaces: 0, lengths: fresh.map(({ length }) => length), syncedAt: performance.now() };
  } catch (thrown) {
    await hosts.fs.unlink(path).catch(() => undefined);
    throw thrown;
  } finally {
    await handle.close();
  }
};

/** Options of the line files. */
export interface LineFilesOptions {
  /** Operations of the rewrites. */
  readonly fs: DurableFs;
  /** Operations in between. */
  readonly lineFs: LineFs;
  /** Checks a path before its file is read and rewritten. */
  readonly prepare: (path: string) => Promise<unknown>;
}

/** Files of lines that grow at the end and drop their oldest lines, without a rewrite for each change. */
export class LineFiles {
  readonly #options: LineFilesOptions;
  readonly #known = new Map<string, KnownFile>();

  constructor(options: LineFilesOptions) {
    this.#options = options;
  }

  /**
   * Appends lines and removes the oldest above `maxLines`.
   *
   * First overwrites the oldest lines with spaces, which JSON allows before a text, then appends the new ones: the file
   * never exceeds the limit, and each line is whole. Rewrites the file when its spaces outgrow its lines. Appended
   * lines are on disk within a second of the next call.
   *
   * @throws The file system's own error; none of the lines is added then.
   */
  async append(path: string, lines: readonly string[], maxLines: number): Promise<void> {
    const fresh = lines.map((line) => Buffer.from(`${line}\n`));
    const file = this.#known.get(path);
    if (!file) return this.#rewrite(path, fresh, maxLines);
    const count = Math.max(0, file.lengths.length + fresh.length - maxLines);
    let bytes = 0;
    for (const length of file.lengths.slice(0, count)) bytes += length;
    const spaces = file.spaces + bytes;
    const isWorthRewriting = spaces > Math.max(fewSpaces, file.size - spaces);
    if (count >= file.lengths.length || isWorthRewriting) return this.#rewrite(path, fresh, maxLines);
    try {
      if (await this.#roll(path, file, fresh, { count, bytes })) return;
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
    }
    await this.#rewrite(path, fresh, maxLines);
  }

  async #rewrite(path: string, fresh: readonly Uint8Array[], maxLines: number): Promise<void> {
    const { fs, lineFs, prepare } = this.#options;
    this.#known.delete(path);
    if (fresh.length <= maxLines) {
      try {
        this.#known.set(path, await begin(path, fresh, { fs, lineFs }));
        return;
      } catch (thrown) {
        if (!isTaken(thrown)) throw thrown;
      }
    }
    await prepare(path);
    const before = (await readLines(path)).map((line) => Buffer.concat([line, Buffer.of(lineFeed)]));
    const kept = maxLines > 0 ? [...before, ...fresh].slice(-maxLines) : [];
    await replaceFile(path, Buffer.concat(kept), { fs });
    const { ino, size } = await files.stat(path);
    const lengths = kept.map(({ length }) => length);
    this.#known.set(path, { ino, size, spaces: 0, lengths, syncedAt: performance.now() });
  }

  /** @returns Whether the file matched the cached layout; if not, nothing was done. */
  async #roll(path: string, file: KnownFile, fresh: readonly Uint8Array[], surplus: Surplus): Promise<boolean> {
    const handle = await this.#options.lineFs.open(path, 'r+');
    try {
      const { ino, size } = await handle.stat();
      if (ino !== file.ino || size !== file.size) return false;
      if (surplus.bytes > 0) await letGo(handle, file, surplus);
      await add(handle, file, fresh);
      return true;
    } finally {
      await handle.close();
    }
  }
}
