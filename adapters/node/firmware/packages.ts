import { dirname } from 'node:path';
import type { FirmwareFlight } from '../../../services/firmware-journal.ts';
import { syncFolder } from '../fs/durable-file.ts';
import { inTheWay, ioError } from '../fs/errors.ts';
import { statsOf, type FileSystem } from '../fs/file-system.ts';
import { foldersAbove, inside, parentOf, walkTree } from '../fs/file-tree.ts';
import { syncTree } from '../fs/sync-tree.ts';
import { isSameFile, moveToKept } from './kept-files.ts';
import type { FirmwareLayout } from './layout.ts';
import { makePrivateFolder, removeAll, removeFolder } from './operations.ts';
import type { SwapPlan } from './plan.ts';

/** The folder of npm's packages, relative to the program's. */
export const packagesName = 'node_modules';

/** Whether a folder among packages only holds them, or links to them: a scope, or the commands. */
const isGroup = (name: string): boolean => name.startsWith('@') || name === '.bin';

/** Lists the packages of a folder, each of which is moved as a whole: paths relative to the folder of `node_modules`. */
const packagesIn = async (fs: FileSystem, folder: string): Promise<string[]> => {
  const paths: string[] = [];
  for (const name of (await fs.readdir(inside(folder, packagesName))).toSorted()) {
    const path = `${packagesName}/${name}`;
    const isFolder = (await statsOf(fs, inside(folder, path)))?.isDirectory() === true;
    const inner = isGroup(name) && isFolder ? (await fs.readdir(inside(folder, path))).toSorted() : undefined;
    paths.push(...(inner?.map((each) => `${path}/${each}`) ?? [path]));
  }
  return paths;
};

const pathsIn = async (fs: FileSystem, root: string): Promise<string[]> => {
  const paths: string[] = [];
  for await (const { path, stats } of walkTree(root, undefined, fs))
    paths.push(stats.isDirectory() ? `${path}/` : path);
  return paths;
};

/** Whether two paths are the same file, link, or folder with all that is in it. */
const isSameTree = async (fs: FileSystem, one: string, other: string): Promise<boolean> => {
  const [a, b] = [await statsOf(fs, one), await statsOf(fs, other)];
  if (!a?.isDirectory() || !b?.isDirectory()) return isSameFile(fs, one, other);
  const paths = await pathsIn(fs, one);
  if (paths.join('\0') !== (await pathsIn(fs, other)).join('\0')) return false;
  for (const path of paths.filter((each) => !each.endsWith('/'))) {
    if (!(await isSameFile(fs, inside(one, path), inside(other, path)))) return false;
  }
  return true;
};

const syncAll = async (fs: FileSystem, root: string): Promise<void> => {
  const [folders, files] = [[root], [] as string[]];
  for await (const { path, stats } of walkTree(root, undefined, fs)) {
    if (stats.isDirectory()) folders.push(inside(root, path));
    else if (stats.isFile()) files.push(inside(root, path));
  }
  await syncTree(fs, root, folders, files);
};

const take = async (fs: FileSystem, layout: FirmwareLayout, id: string): Promise<void> => {
  const taken = layout.packages(id);
  await makePrivateFolder(fs, taken);
  await fs.rename(inside(layout.staging(id), packagesName), inside(taken, packagesName));
  for (const path of await packagesIn(fs, taken)) {
    if (!(await isSameTree(fs, inside(taken, path), inside(layout.folder, path)))) continue;
    await removeAll(fs, inside(taken, path));
    await removeFolder(fs, inside(taken, parentOf(path)));
  }
  await syncAll(fs, taken);
  await syncFolder(layout.own, fs);
};

/**
 * Makes the `node_modules` of a staged version part of it; without this it is none, as what an archive has there never is.
 * Leaves out the packages that are in the unit's folder already. Everything is synced at the end.
 *
 * @throws {FirmwareError} `io`, `space`
 */
export const takePackages = (fs: FileSystem, layout: FirmwareLayout, id: string): Promise<void> =>
  take(fs, layout, id).catch((cause: unknown) => {
    throw ioError('The packages could not be put beside the version', cause);
  });

/**
 * Plans the swap of the packages that belong to a staged version. Those of the unit's folder that it does not name stay.
 *
 * @throws {FirmwareError} `io` if something is in the way.
 */
export const planPackages = async (
  fs: FileSystem,
  layout: FirmwareLayout,
  id: string,
  dev: number,
): Promise<Pick<SwapPlan, 'packages' | 'create'>> => {
  const installed = layout.packages(id);
  if (!(await statsOf(fs, inside(installed, packagesName)))) return { create: [] };
  const packages = await packagesIn(fs, installed);
  const create: string[] = [];
  for (const path of [...new Set(packages.flatMap(foldersAbove))].toSorted()) {
    const stats = await statsOf(fs, inside(layout.folder, path));
    if (!stats) create.push(path);
    else if (!stats.isDirectory()) throw inTheWay(path, 'has to be a folder, and is none');
    else if (stats.dev !== dev) throw inTheWay(path, 'is on a file system of its own');
  }
  return { packages, create };
};

/** Where a package is that belongs to a version, where it is to be, and where the one before is kept. */
const placesOf = (layout: FirmwareLayout, id: string, path: string) => ({
  next: inside(layout.packages(id), path),
  live: inside(layout.folder, path),
  kept: inside(layout.previous(id), path),
});

/**
 * Moves a package away from its place. Another file could take the place of one, and a power cut forget where it went: that
 * is synced first. No file takes the place of a folder.
 */
const moveAway = async (fs: FileSystem, from: string, to: string): Promise<void> => {
  const isFolder = (await fs.lstat(from)).isDirectory();
  await fs.rename(from, to);
  if (!isFolder) await syncFolder(dirname(to), fs);
};

/** Puts the packages of a version in place; resumes from any point of an earlier call. The previous ones are kept. */
export const putPackagesInPlace = async (
  fs: FileSystem,
  layout: FirmwareLayout,
  { id, to }: Pick<FirmwareFlight, 'id' | 'to'>,
  packages: readonly string[],
): Promise<void> => {
  for (const path of packages) {
    const { next, live, kept } = placesOf(layout, id, path);
    if (!(await statsOf(fs, next))) continue;
    const [isThere, isKept] = [await statsOf(fs, live), await statsOf(fs, kept)];
    if (isThere && isKept) await moveToKept(fs, layout.folder, to, path);
    // Nothing but the next step may come after this one: without its package no supervisor would start.
    else if (isThere) await moveAway(fs, live, kept);
    await fs.rename(next, live);
  }
};

/** Restores the packages before, from any point of their swap or of an earlier call. */
export const restorePackages = async (
  fs: FileSystem,
  layout: FirmwareLayout,
  { id, version }: { readonly id: string; readonly version: string },
  packages: readonly string[],
): Promise<void> => {
  for (const path of packages) {
    const { next, live, kept } = placesOf(layout, id, path);
    const isSwapped = !(await statsOf(fs, next)) && (await statsOf(fs, live)) !== undefined;
    const isKept = (await statsOf(fs, kept)) !== undefined;
    if (isSwapped) {
      await makePrivateFolder(fs, dirname(next));
      await moveAway(fs, live, next);
    } else if (isKept && (await statsOf(fs, live))) await moveToKept(fs, layout.folder, version, path);
    if (isKept) await fs.rename(kept, live);
  }
};
