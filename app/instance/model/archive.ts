import { promisify } from 'node:util';
import { deflate, deflateRaw, gzip } from 'node:zlib';
import { zipSync, type Zippable } from 'fflate';
import { pack } from 'tar-stream';
import { invalid } from '../errors.ts';

/** One file or symbolic link of an archive. */
export interface ArchiveFile {
  readonly path: string;
  /** The content; of a link, its target. */
  readonly bytes: Uint8Array;
  readonly executable: boolean;
  /** @defaultValue false */
  readonly link?: boolean;
}

const foldersOf = (files: readonly ArchiveFile[]): string[] => {
  const parents = files.flatMap(({ path }) => {
    const names = path.split('/').slice(0, -1);
    return names.map((_, depth) => names.slice(0, depth + 1).join('/'));
  });
  return [...new Set(parents)].toSorted();
};

/** Fixed, so that equal files make equal archives. */
const mtime = new Date(0);

/** Packs a tar with the entry names of the platform's archives: `./`, then `./path`. */
export const packTar = async (files: readonly ArchiveFile[]): Promise<Uint8Array> => {
  const tar = pack();
  const folders = ['./', ...foldersOf(files).map((path) => `./${path}/`)];
  folders.forEach((name) => tar.entry({ name, type: 'directory', mode: 0o755, mtime }));
  for (const { path, bytes, executable, link } of files) {
    const name = `./${path}`;
    if (link === true)
      tar.entry({ name, type: 'symlink', linkname: Buffer.from(bytes).toString(), mode: 0o777, mtime });
    else tar.entry({ name, mode: executable ? 0o755 : 0o644, mtime }, Buffer.from(bytes));
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** Compression of a tgz, in zlib's terms. */
export interface Compression {
  /** 9..15: zlib stream, 25..31: gzip, -15..-9: raw deflate. */
  readonly wbits: number;
  /** -1..9 */
  readonly level: number;
}

const compressors = {
  zlib: promisify<Uint8Array, object, Buffer>(deflate),
  gzip: promisify<Uint8Array, object, Buffer>(gzip),
  raw: promisify<Uint8Array, object, Buffer>(deflateRaw),
};

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const levels = range(-1, 9);
const windows = [...range(-15, -9), ...range(9, 15), ...range(25, 31)];

const isWithin = (value: number, from: number, to: number) => Number.isInteger(value) && value >= from && value <= to;

/** Packs a tar and compresses it. @throws {InstanceError} `invalid` for a wbits or level that zlib does not support. */
export const packTgz = async (files: readonly ArchiveFile[], { wbits, level }: Compression): Promise<Uint8Array> => {
  if (!levels.includes(level)) throw invalid(`Level ${level} is not valid, available [${levels.join(', ')}]`);
  if (isWithin(wbits, 9, 15)) return compressors.zlib(await packTar(files), { windowBits: wbits, level });
  if (isWithin(wbits, 25, 31)) return compressors.gzip(await packTar(files), { windowBits: wbits - 16, level });
  if (isWithin(wbits, -15, -9)) return compressors.raw(await packTar(files), { windowBits: -wbits, level });
  throw invalid(`Wbits ${wbits} is not valid, available [${windows.join(', ')}]`);
};

/** Mode of a file in a zip (inode(7), "The file type and mode"). */
const zipModeOf = ({ executable, link }: ArchiveFile): number => {
  if (link === true) return 0o120777;
  return executable ? 0o100755 : 0o100644;
};

/** Packs a zip. */
export const packZip = (files: readonly ArchiveFile[]): Uint8Array => {
  const tree: Zippable = Object.create(null);
  for (const file of files) tree[file.path] = [file.bytes, { os: 3, attrs: zipModeOf(file) << 16 }];
  return zipSync(tree);
};
