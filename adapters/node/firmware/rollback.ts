import { statsOf, type FileSystem } from '../fs/file-system.ts';
import { foldersAbove, inside, parentOf } from '../fs/file-tree.ts';
import type { FirmwareLayout } from './layout.ts';
import { restorePackages } from './packages.ts';
import type { SwapPlan } from './plan.ts';
import { changedFolders } from './install.ts';
import { isSameFile, moveToKept } from './kept-files.ts';
import {
  isReached,
  makePrivateFolder,
  removeAll,
  removeFile,
  removeFolder,
  setMode,
  syncFolders,
} from './operations.ts';

/** Moves blocking files out of the way of the previous version, to those that are kept for good. */
const createWayClearer = (fs: FileSystem, folder: string, version: string) => {
  const isFolder = async (path: string): Promise<boolean | undefined> =>
    (await statsOf(fs, inside(folder, path)))?.isDirectory();
  const makeWay = (path: string): Promise<void> => moveToKept(fs, folder, version, path);
  return {
    isReached: (path: string): Promise<boolean> => isReached(fs, folder, path),
    ensureFolder: async (path: string): Promise<void> => {
      const found = await isFolder(path);
      if (found) return;
      if (found === false) await makeWay(path);
      await makePrivateFolder(fs, inside(folder, path));
    },
    ensureNoFolder: async (path: string): Promise<void> => {
      if (await isFolder(path)) await makeWay(path);
    },
    /** Makes way for a file that the new version had removed, unless the same one is in place. */
    ensureNoOther: async (path: string, saved: string): Promise<void> => {
      const at = inside(folder, path);
      if ((await statsOf(fs, at)) && !(await isSameFile(fs, at, saved))) await makeWay(path);
    },
  };
};
type WayClearer = ReturnType<typeof createWayClearer>;

/** Removes the files that the new version added. What stands where one is still staged is somebody else's. */
const removeAdded = async (
  fs: FileSystem,
  folder: string,
  staging: string,
  plan: SwapPlan,
  way: WayClearer,
): Promise<void> => {
  const saved = new Set(plan.save);
  for (const path of plan.install) {
    if (saved.has(path) || (await statsOf(fs, inside(staging, path)))) continue;
    if (await way.isReached(path)) await removeFile(fs, inside(folder, path));
  }
  for (const path of plan.create.toReversed()) {
    if (await way.isReached(path)) await removeFolder(fs, inside(folder, path));
  }
};

/**
 * Restores the previous version from any point of the swap or of an earlier rollback. Needs no network, and on a full
 * disk no more space than it frees.
 *
 * Files in the way that came during the trial are kept. Continues with the other files if one can't be restored. Everything is
 * synced at the end.
 */
export const restoreVersion = async (
  fs: FileSystem,
  layout: FirmwareLayout,
  { id, version }: { readonly id: string; readonly version: string },
  plan: SwapPlan,
): Promise<void> => {
  const { folder } = layout;
  const staging = layout.staging(id);
  const way = createWayClearer(fs, folder, version);
  const removed = new Set(plan.remove);
  const restore = async (path: string): Promise<void> => {
    const kept = inside(layout.previous(id), path);
    if (!(await statsOf(fs, kept))) return;
    await way.ensureNoFolder(path);
    if (removed.has(path)) await way.ensureNoOther(path, kept);
    await fs.rename(kept, inside(folder, path));
  };
  const failures: unknown[] = [];
  await restorePackages(fs, layout, { id, version }, plan.packages ?? []).catch((cause: unknown) =>
    failures.push(cause),
  );
  await removeAdded(fs, folder, staging, plan, way);
  await removeAll(fs, staging);
  const left = new Set(plan.leave.map(({ path }) => path));
  const hasItsFolder = (path: string) => !foldersAbove(path).some((above) => left.has(above));
  // Frees space for the folders; failures are retried below.
  for (const path of plan.save.filter(hasItsFolder)) {
    if (await way.isReached(path)) await restore(path).catch(() => undefined);
  }
  const folders = [...new Set([...plan.save.flatMap(foldersAbove), ...left])].toSorted();
  for (const path of folders) await way.ensureFolder(path);
  for (const { path, mode } of plan.leave) await setMode(fs, inside(folder, path), mode);
  // Sync the new folders first: a power cut could lose a folder with the file moved into it, and the file would be in
  // neither place.
  await syncFolders(fs, folder, folders.map(parentOf));
  for (const path of plan.save) await restore(path).catch((cause: unknown) => failures.push(cause));
  await syncFolders(fs, folder, ['', ...changedFolders(plan)]);
  if (failures.length > 0) throw failures[0];
};
