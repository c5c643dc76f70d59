import { lchown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FirmwareError } from '../../../services/errors.ts';
import { hostFs, statsOf } from '../fs/file-system.ts';
import { inside, walkTree } from '../fs/file-tree.ts';
import { ownerIn } from '../fs/ownership.ts';
import type { FirmwareLayout } from '../firmware/layout.ts';
import { packagesName, takePackages } from '../firmware/packages.ts';
import { runNpm, type NpmOptions } from './npm.ts';

/** Lock files of npm, the one that counts first. */
export const lockNames = ['npm-shrinkwrap.json', 'package-lock.json'] as const;

/** Checks that an update may replace packages in a unit's folder. @throws {FirmwareError} `dependencies` */
const checkPlace = async ({ folder, own }: FirmwareLayout): Promise<void> => {
  const stats = await statsOf(hostFs, join(folder, packagesName));
  if (!stats || (stats.isDirectory() && stats.dev === (await hostFs.lstat(own)).dev)) return;
  throw new FirmwareError(
    'dependencies',
    "The firmware needs other packages, and node_modules of the unit's folder is a link or on a file system of its own, so no update replaces any there. Install them by hand, and send the update again.",
  );
};

/** Gives what npm has written to the owner of the unit's folder, where the superuser ran it. */
const giveAway = async (root: string, folder: string): Promise<void> => {
  const owner = await ownerIn(folder, hostFs);
  if (!owner) return;
  await lchown(root, owner.uid, owner.gid);
  for await (const { path } of walkTree(root)) await lchown(inside(root, path), owner.uid, owner.gid);
};

/**
 * Installs the packages of a staged version beside it. They are put in place with it, and those before are back after its
 * rollback.
 */
export const installPackages = async (
  layout: FirmwareLayout,
  id: string,
  options: NpmOptions,
  signal: AbortSignal,
): Promise<void> => {
  await checkPlace(layout);
  const staging = layout.staging(id);
  const root = join(staging, packagesName);
  const locks = await Promise.all(lockNames.map((name) => statsOf(hostFs, join(staging, name))));
  await rm(root, { recursive: true, force: true });
  await runNpm(
    staging,
    locks.some((lock) => lock?.isFile()),
    options,
    signal,
  );
  if (!(await statsOf(hostFs, root))) return;
  await giveAway(root, layout.folder);
  await takePackages(hostFs, layout, id);
};
