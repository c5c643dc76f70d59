import { dirname } from 'node:path';
import { isMissing } from './errors.ts';
import type { DurableFs, DurableHandle } from './file-system.ts';

/** Who a file belongs to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

type Owned = Pick<DurableHandle, 'chown'>;
type Looked = Pick<DurableFs, 'lstat'>;

const isSuperuser = (): boolean => process.getuid?.() === 0;

/** Owner of what is new in a folder: the superuser makes files for the folder's owner; `undefined` for this user. */
export const ownerIn = async (folder: string, fs: Looked): Promise<Owner | undefined> => {
  if (!isSuperuser()) return undefined;
  const { uid, gid } = await fs.lstat(folder);
  return uid === 0 ? undefined : { uid, gid };
};

const attempt = (task: Promise<void>): Promise<boolean> =>
  task.then(
    () => true,
    () => false,
  );

/** Gives an open file to an owner, or at least to its group. @returns Whether the group has it. */
export const giveTo = async (handle: Owned, { uid, gid }: Owner): Promise<boolean> => {
  if (uid === process.getuid?.() && gid === process.getgid?.()) return true;
  return (await attempt(handle.chown(uid, gid))) || attempt(handle.chown(-1, gid));
};

/** Owner and permissions of a file. */
export interface Ownership {
  readonly owner: Owner | undefined;
  readonly mode: number;
}

const permissions = 0o777;
const ownerUses = 0o600;
const groupUses = 0o070;

/** What a file at a path has to belong to: as the one there does now, else as what is new in its folder. */
export const ownershipAt = async (path: string, mode: number, fs: Looked): Promise<Ownership> => {
  const found = await fs.lstat(path).catch((thrown: unknown) => {
    if (!isMissing(thrown)) throw thrown;
  });
  if (found?.isFile()) return { owner: found, mode: (found.mode & permissions) | ownerUses };
  return { owner: await ownerIn(dirname(path), fs), mode };
};

/** Gives an open file owner and permissions. A group that can't be given gets no permissions. */
export const applyOwnership = async (
  handle: Pick<DurableHandle, 'chown' | 'chmod'>,
  { owner, mode }: Ownership,
): Promise<void> => {
  const hasGroup = !owner || (await giveTo(handle, owner));
  await handle.chmod(hasGroup ? mode : mode & ~groupUses);
};

/** Gives a file that was just created to its folder's owner, where the superuser created it. */
export const giveToFolderOwner = async (handle: Owned, path: string, fs: Looked): Promise<void> => {
  const owner = await ownerIn(dirname(path), fs);
  if (owner) await giveTo(handle, owner);
};
