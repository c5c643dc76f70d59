import { inTheWay } from '../fs/errors.ts';
import { statsOf, type FileSystem } from '../fs/file-system.ts';
import { digestOf, foldersAbove, inside, parentOf } from '../fs/file-tree.ts';
import { keptFolder, type FirmwareLayout } from './layout.ts';
import { makePrivateFolder, syncFolders } from './operations.ts';
import { saveFile } from './save-file.ts';

/** Whether two paths are files of the same bytes, or links to the same target. */
export const isSameFile = async (fs: FileSystem, one: string, other: string): Promise<boolean> => {
  const [a, b] = [await statsOf(fs, one), await statsOf(fs, other)];
  if (!a || !b) return false;
  if (a.isSymbolicLink() && b.isSymbolicLink()) return (await fs.readlink(one)) === (await fs.readlink(other));
  if (!a.isFile() || !b.isFile() || a.size !== b.size) return false;
  return a.ino === b.ino || (await digestOf(one, fs)) === (await digestOf(other, fs));
};

/** A place in the kept files of a version, relative to the unit's folder. */
interface KeptPlace {
  readonly root: string;
  /** Whether the file is there already, from an earlier attempt. */
  readonly isTaken: boolean;
}

/**
 * Finds the folder that can take a path; one in which another file is kept under the same path can't.
 *
 * @throws {FirmwareError} `io` if the folder of all kept files is none.
 */
const placeFor = async (fs: FileSystem, folder: string, version: string, path: string): Promise<KeptPlace> => {
  const all = parentOf(keptFolder(version));
  const occupant = await statsOf(fs, inside(folder, all));
  if (occupant && !occupant.isDirectory()) throw inTheWay(all, 'has to be a folder, and is none');
  for (let attempt = 1; ; attempt += 1) {
    const root = attempt === 1 ? keptFolder(version) : `${keptFolder(version)}.${attempt}`;
    const at = `${root}/${path}`;
    const above = await Promise.all(foldersAbove(at).map((each) => statsOf(fs, inside(folder, each))));
    if (above.some((stats) => stats && !stats.isDirectory())) continue;
    if (!(await statsOf(fs, inside(folder, at)))) return { root, isTaken: false };
    if (await isSameFile(fs, inside(folder, at), inside(folder, path))) return { root, isTaken: true };
  }
};

/** Folders from the client's own down to the one of a kept path. */
const foldersOf = (root: string, path: string): string[] => foldersAbove(`${root}/${path}`);

const keepFile = async (fs: FileSystem, folder: string, root: string, path: string): Promise<void> => {
  const [from, to] = [inside(folder, path), inside(folder, `${root}/${path}`)];
  await makePrivateFolder(fs, inside(folder, parentOf(`${root}/${path}`)));
  if ((await statsOf(fs, from))?.isSymbolicLink()) await fs.symlink(await fs.readlink(from), to);
  else await saveFile(fs, from, to);
};

/**
 * Keeps files that no update brought under a second name in the private folder, for good. Everything is synced at the
 * end; nothing of the running version changes.
 *
 * @param paths Files and links, relative to the unit's folder; those that the staged version brings unchanged are
 *   left out.
 * @returns The kept ones.
 */
export const keepForeignFiles = async (
  fs: FileSystem,
  layout: FirmwareLayout,
  id: string,
  version: string,
  paths: readonly string[],
): Promise<readonly string[]> => {
  const { folder } = layout;
  const kept: string[] = [];
  const folders = new Set<string>();
  for (const path of paths) {
    if (await isSameFile(fs, inside(folder, path), inside(layout.staging(id), path))) continue;
    const { root, isTaken } = await placeFor(fs, folder, version, path);
    if (!isTaken) await keepFile(fs, folder, root, path);
    for (const each of foldersOf(root, path)) folders.add(each);
    kept.push(path);
  }
  await syncFolders(fs, folder, folders);
  return kept;
};

/**
 * Keeps what came to the place of a file since a swap was planned, or changed there. What is still as it was saved for a
 * rollback need not be kept, nor a folder: that is not replaced.
 *
 * @returns Whether there was such a file.
 */
export const keepUnplanned = async (
  fs: FileSystem,
  layout: FirmwareLayout,
  id: string,
  version: string,
  path: string,
): Promise<boolean> => {
  const [live, saved] = [inside(layout.folder, path), inside(layout.previous(id), path)];
  const stats = await statsOf(fs, live);
  if (!stats || stats.isDirectory() || (await isSameFile(fs, live, saved))) return false;
  return (await keepForeignFiles(fs, layout, id, version, [path])).length > 0;
};

/** Moves a file or folder that is in the way to the kept files of a version. */
export const moveToKept = async (fs: FileSystem, folder: string, version: string, path: string): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const root = `${keptFolder(version)}.rollback${attempt === 1 ? '' : `.${attempt}`}`;
    const at = `${root}/${path}`;
    if (await statsOf(fs, inside(folder, at))) continue;
    await makePrivateFolder(fs, inside(folder, parentOf(at)));
    await fs.rename(inside(folder, path), inside(folder, at));
    await syncFolders(fs, folder, foldersOf(root, path));
    return;
  }
};
