import { createReadStream } from 'node:fs';
import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Pack } from 'tar-stream';
import { replaceFile } from '../fs/durable-file.ts';
import { isMissing } from '../fs/errors.ts';
import { inside, walkTree, type TreeEntry } from '../fs/file-tree.ts';
import { isTemporaryName } from '../fs/temporary-files.ts';

/** Fixed, so that equal files make equal archives. */
const mtime = new Date(0);

const addFile = (tar: Pack, at: string, { path, stats }: TreeEntry): Promise<void> =>
  pipeline(createReadStream(at), tar.entry({ name: path, mode: stats.mode & 0o777, size: stats.size, mtime }));

const addEntry = async (tar: Pack, folder: string, entry: TreeEntry): Promise<void> => {
  const { path: name, stats } = entry;
  const at = inside(folder, name);
  if (stats.isFile()) return addFile(tar, at, entry);
  const mode = stats.mode & 0o777;
  if (stats.isDirectory()) tar.entry({ name: `${name}/`, type: 'directory', mode, mtime });
  if (stats.isSymbolicLink()) tar.entry({ name, type: 'symlink', linkname: await readlink(at), mode, mtime });
};

/** The real path of a file that need not be there. */
const placeOf = async (path: string): Promise<string> => {
  const folder = await realpath(dirname(path)).catch((thrown: unknown) => {
    if (!isMissing(thrown)) throw thrown;
    return dirname(path);
  });
  return join(folder, basename(path));
};

const addAll = async (tar: Pack, folder: string, archive: string): Promise<void> => {
  try {
    for await (const entry of walkTree(folder)) {
      const isOwn = inside(folder, entry.path) === archive || isTemporaryName(basename(entry.path));
      if (!isOwn) await addEntry(tar, folder, entry);
    }
    tar.finalize();
  } catch (thrown) {
    tar.destroy(thrown as Error);
  }
};

/**
 * Packs the files, folders and links below a folder into a gzipped tar, as a stream. Leaves out the archive itself, and
 * what is neither of these.
 *
 * @throws The file system's own error; the old archive stays.
 */
export const packFolder = async (folder: string, archivePath: string): Promise<void> => {
  const { pack } = await import('tar-stream');
  const root = await realpath(folder);
  const tar = pack();
  const gzip = createGzip({ level: 9 });
  const added = addAll(tar, root, await placeOf(archivePath));
  const packed = pipeline(tar, gzip).catch((thrown: unknown) => gzip.destroy(thrown as Error));
  await replaceFile(archivePath, gzip);
  await Promise.all([added, packed]);
};
