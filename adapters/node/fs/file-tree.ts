import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { hostFs, statsOf, type FileSystem, type PathStats } from './file-system.ts';

/** A file, folder or anything else in a tree. */
export interface TreeEntry {
  /** Path relative to the tree's root, with `/` as separator. */
  readonly path: string;
  /** Stats of the entry itself, not of a link's target. */
  readonly stats: PathStats;
}

/** Turns a path relative to a folder, with `/` as separator, into a path of the host; `''` is the folder itself. */
export const inside = (folder: string, path: string): string => join(folder, ...path.split('/'));

/** The folders above a path, nearest first. */
export const foldersAbove = (path: string): string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('/'));
};

/** The parent folder of a path; empty for the root. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/**
 * Walks a folder: names in order, each folder before its contents, without following links. Skips entries that
 * disappear meanwhile.
 *
 * @param enters Decides whether to walk a folder; called after the folder itself was yielded.
 */
export async function* walkTree(
  root: string,
  enters: (path: string) => boolean = () => true,
  fs: FileSystem = hostFs,
  below = '',
): AsyncGenerator<TreeEntry> {
  for (const name of (await fs.readdir(inside(root, below))).toSorted()) {
    const path = below === '' ? name : `${below}/${name}`;
    const stats = await statsOf(fs, inside(root, path));
    if (!stats) continue;
    yield { path, stats };
    if (stats.isDirectory() && enters(path)) yield* walkTree(root, enters, fs, path);
  }
}

/** SHA-256 of a file, in hexadecimal. */
export const digestOf = async (path: string, fs: FileSystem = hostFs): Promise<string> => {
  const hash = createHash('sha256');
  const file = await fs.open(path, 'r');
  try {
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk);
  } finally {
    await file.close();
  }
  return hash.digest('hex');
};
