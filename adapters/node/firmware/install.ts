import type { FirmwareFlight } from '../../../services/firmware-journal.ts';
import { statsOf, type FileSystem } from '../fs/file-system.ts';
import { codeOf } from '../fs/errors.ts';
import { syncFolder } from '../fs/durable-file.ts';
import { applyOwnership, ownershipAt } from '../fs/ownership.ts';
import { foldersAbove, inside, parentOf } from '../fs/file-tree.ts';
import { keepUnplanned } from './kept-files.ts';
import type { FirmwareLayout } from './layout.ts';
import { putPackagesInPlace } from './packages.ts';
import { lastFiles, type SwapPlan } from './plan.ts';
import { checkFolders, isReached, makePrivateFolder, removeFile, removeFolder, syncFolders } from './operations.ts';
import { saveFile } from './save-file.ts';
import type { Tree } from './tree.ts';

const permissions = 0o777;

/** Keeps the files that the plan replaces or removes under second names. Changes nothing of the running version. */
export const saveVersion = async (
  fs: FileSystem,
  layout: FirmwareLayout,
  id: string,
  plan: SwapPlan,
  live: Tree,
): Promise<void> => {
  const { folder, own } = layout;
  const kept = layout.previous(id);
  const folders = [...new Set([...plan.save, ...(plan.packages ?? [])].flatMap(foldersAbove))].toSorted();
  await makePrivateFolder(fs, kept);
  for (const path of folders) await makePrivateFolder(fs, inside(kept, path));
  for (const path of plan.save) {
    const [from, to] = [inside(folder, path), inside(kept, path)];
    if (live.get(path)?.kind === 'link') await fs.symlink(await fs.readlink(from), to);
    else await saveFile(fs, from, to);
  }
  await syncFolders(fs, kept, ['', ...folders]);
  await syncFolder(own, fs);
};

/** Folders in which a plan changes names. */
export const changedFolders = ({ install, remove, create, leave, packages = [] }: SwapPlan): string[] =>
  [...install, ...remove, ...create, ...leave.map(({ path }) => path), ...packages].map(parentOf);

const executes = 0o111;
const readers = 0o444;

/** Gives a staged file the owner and permissions of the one that it replaces; a program stays one. */
const keepOwnership = async (fs: FileSystem, staged: string, live: string): Promise<void> => {
  const [next, before] = [await statsOf(fs, staged), await statsOf(fs, live)];
  if (!next?.isFile()) return;
  const { owner, mode } = await ownershipAt(live, next.mode & permissions, fs);
  const executable = before && next.mode & executes ? (mode & readers) >> 2 : 0;
  const isSame = (owner?.uid ?? next.uid) === next.uid && (owner?.gid ?? next.gid) === next.gid;
  if (isSame && (next.mode & permissions) === (mode | executable)) return;
  const handle = await fs.open(staged, 'r');
  try {
    await applyOwnership(handle, { owner, mode: mode | executable });
  } finally {
    await handle.close();
  }
};

/** Installs one staged file. If it is no longer staged, it must be in place already. */
const install = async (fs: FileSystem, layout: FirmwareLayout, id: string, path: string): Promise<void> => {
  const [staged, live] = [inside(layout.staging(id), path), inside(layout.folder, path)];
  try {
    await fs.rename(staged, live);
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT' || (await statsOf(fs, staged))) throw cause;
    const [found, kept] = [await statsOf(fs, live), await statsOf(fs, inside(layout.previous(id), path))];
    if (!found || found.ino === kept?.ino) throw cause;
  }
};

/**
 * Installs the staged files of a plan; resumes from any point of an earlier call.
 *
 * Everything is synced at the end.
 *
 * @returns Files that came or changed since the swap was planned and had to give way; they are kept for good.
 */
export const putInPlace = async (
  fs: FileSystem,
  layout: FirmwareLayout,
  { id, to }: Pick<FirmwareFlight, 'id' | 'to'>,
  plan: SwapPlan,
): Promise<readonly string[]> => {
  const { folder } = layout;
  const kept: string[] = [];
  const giveWay = async (path: string): Promise<void> => {
    if (await keepUnplanned(fs, layout, id, to, path)) kept.push(path);
  };
  // A link of the old version that gives way to a folder, or one of the new version in the place of a folder.
  const mayBeLink = new Set([...plan.remove, ...plan.install]);
  const changed = changedFolders(plan);
  await checkFolders(
    fs,
    folder,
    changed.flatMap((path) => [path, ...foldersAbove(path)]).filter((path) => !mayBeLink.has(path)),
  );
  // What is behind a link that an earlier call has put in the place of a folder is the new version's.
  for (const path of plan.remove) {
    if (!(await isReached(fs, folder, path))) continue;
    await giveWay(path);
    await removeFile(fs, inside(folder, path));
  }
  for (const { path } of plan.leave) {
    if (await isReached(fs, folder, path)) await removeFolder(fs, inside(folder, path));
  }
  for (const path of plan.create) await makePrivateFolder(fs, inside(folder, path));
  // Sync the new folders first: a power cut could lose a folder with the file moved into it, and the file would be in
  // neither place.
  await syncFolders(fs, folder, plan.create.map(parentOf));
  await putPackagesInPlace(fs, layout, { id, to }, plan.packages ?? []);
  for (const path of plan.install) {
    const staged = inside(layout.staging(id), path);
    await keepOwnership(fs, staged, inside(folder, path));
    // The instance's own documents change by its commands as well.
    if (!lastFiles.includes(path) && (await statsOf(fs, staged))) await giveWay(path);
    await install(fs, layout, id, path);
  }
  await syncFolders(fs, folder, ['', ...changed]);
  return kept;
};
