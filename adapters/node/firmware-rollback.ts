import { statsOf, type FirmwareFs } from './firmware-fs.ts';
import { foldersAbove, inside, type FirmwarePlaces } from './firmware-places.ts';
import type { SwapPlan } from './firmware-plan.ts';
import { changedFolders } from './firmware-swap.ts';
import { makePlace, moveFile, removeFile, removeFolder, setMode, syncFolders } from './firmware-steps.ts';

/** Moves what is in the way of the previous version to a place of its own. */
const wayMaker = (fs: FirmwareFs, folder: string, aside: string) => {
  const isFolder = async (path: string): Promise<boolean | undefined> =>
    (await statsOf(fs, inside(folder, path)))?.isDirectory();
  let moved = 0;
  const makeWay = async (path: string): Promise<void> => {
    await makePlace(fs, aside);
    moved += 1;
    await fs.rename(inside(folder, path), inside(aside, `${Date.now()}-${moved}`));
  };
  return {
    /** Whether only folders lead to a path, no link least of all. */
    isReached: async (path: string): Promise<boolean> => {
      for (const above of foldersAbove(path)) if (!(await isFolder(above))) return false;
      return true;
    },
    ensureFolder: async (path: string): Promise<void> => {
      const found = await isFolder(path);
      if (found) return;
      if (found === false) await makeWay(path);
      await makePlace(fs, inside(folder, path));
    },
    ensureNoFolder: async (path: string): Promise<void> => {
      if (await isFolder(path)) await makeWay(path);
    },
  };
};

/**
 * Puts the previous version in place again; carries on where an earlier call was interrupted, whatever of the plan's
 * swap was carried out. Needs no network and next to no space.
 *
 * What the new version has put where the previous one has something else is moved aside. Everything is on disk in the
 * end.
 */
export const restoreVersion = async (
  fs: FirmwareFs,
  { folder, previous, aside }: FirmwarePlaces,
  id: string,
  plan: SwapPlan,
): Promise<void> => {
  const { isReached, ensureFolder, ensureNoFolder } = wayMaker(fs, folder, aside(id));
  const saved = new Set(plan.save);
  for (const path of plan.install) {
    if (!saved.has(path) && (await isReached(path))) await removeFile(fs, inside(folder, path));
  }
  for (const path of plan.create.toReversed()) if (await isReached(path)) await removeFolder(fs, inside(folder, path));
  for (const path of plan.save) {
    const kept = inside(previous(id), path);
    if (!(await statsOf(fs, kept))) continue;
    for (const above of foldersAbove(path).toReversed()) await ensureFolder(above);
    await ensureNoFolder(path);
    await moveFile(fs, kept, inside(folder, path));
  }
  for (const { path, mode } of plan.leave.toReversed()) {
    await ensureFolder(path);
    await setMode(fs, inside(folder, path), mode);
  }
  await syncFolders(fs, folder, ['', ...changedFolders(plan)]);
};
