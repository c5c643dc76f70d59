import { dirname, join, resolve } from 'node:path';
import { codeOf, isMissing } from './errors.ts';
import { hostFs, type Content, type DurableFs } from './file-system.ts';
import { applyOwnership, giveTo, ownerIn, ownershipAt, type Owner } from './ownership.ts';
import { temporaryName } from './temporary-files.ts';

/** Options of a durable write. */
export interface ReplaceOptions {
  /** Permissions of a file that is new, whatever the umask; one that is replaced keeps its own. @defaultValue 0o600 */
  readonly mode?: number;
  /** @defaultValue the host's file system */
  readonly fs?: DurableFs;
}

/** A file and its new content. */
export interface Replacement {
  readonly path: string;
  readonly content: Content;
}

interface Staged {
  readonly temporary: string;
  readonly path: string;
}

/** Permissions of private files and folders: this user alone. */
export const privateFile = 0o600;
export const privateFolder = 0o700;

/** Error codes of file systems that can't fsync a folder; no sync is needed there. */
const noFolderSync = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EACCES']);

/** Makes the names in a folder durable, if the file system can. */
export const syncFolder = async (folder: string, fs: DurableFs = hostFs): Promise<void> => {
  try {
    const handle = await fs.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (!noFolderSync.has(codeOf(thrown) ?? '')) throw thrown;
  }
};

/** What keeps a folder from being made: Node reports a full or read-only disk as a missing folder. */
const obstacleOf = async (wanted: string, fs: DurableFs): Promise<unknown> => {
  for (let folder = wanted; ; folder = dirname(folder)) {
    const obstacle: unknown = await fs
      .mkdir(folder, { recursive: false, mode: privateFolder })
      .catch((thrown) => thrown);
    if (!isMissing(obstacle) || folder === dirname(folder)) return obstacle;
  }
};

const makeAll = async (wanted: string, fs: DurableFs): Promise<string | undefined> => {
  try {
    return await fs.mkdir(wanted, { recursive: true, mode: privateFolder });
  } catch (thrown) {
    throw isMissing(thrown) ? ((await obstacleOf(wanted, fs)) ?? thrown) : thrown;
  }
};

/** The folders from the top one of those that were made down to the wanted one, deepest first. */
const madeFolders = (wanted: string, first: string): string[] => {
  const made = [wanted];
  for (let folder = wanted; folder !== first && folder !== dirname(folder);) made.push((folder = dirname(folder)));
  return made;
};

/**
 * Creates a folder and its missing parents for this user alone (0700); for the owner of the folder above where the
 * superuser does.
 *
 * @returns The new ones, deepest first.
 */
export const makePrivateFolders = async (folder: string, fs: DurableFs): Promise<readonly string[]> => {
  const wanted = resolve(folder);
  const first = await makeAll(wanted, fs);
  if (first === undefined) return [];
  const made = madeFolders(wanted, resolve(first));
  const owner = await ownerIn(dirname(resolve(first)), fs);
  for (const each of owner ? made : []) {
    const handle = await fs.open(each, 'r');
    try {
      await giveTo(handle, owner as Owner);
    } finally {
      await handle.close();
    }
  }
  return made;
};

/** Creates a folder and its missing parents like {@link makePrivateFolders}, durably. */
export const makeFolder = async (folder: string, fs: DurableFs = hostFs): Promise<void> => {
  for (const made of await makePrivateFolders(folder, fs)) await syncFolder(dirname(made), fs);
};

const stage = async (folder: string, { path, content }: Replacement, fs: DurableFs, mode: number): Promise<Staged> => {
  const temporary = join(folder, temporaryName());
  const handle = await fs.open(temporary, 'wx', privateFile);
  try {
    try {
      await handle.writeFile(content);
      await applyOwnership(handle, await ownershipAt(path, mode, fs));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    await forget(temporary, fs);
    throw thrown;
  }
  return { temporary, path };
};

/** Removes a temporary file after a failure, and rethrows that failure. */
const forget = (temporary: string, fs: DurableFs): Promise<void> => fs.unlink(temporary).catch(() => undefined);

/**
 * Replaces files of one folder durably; creates missing folders.
 *
 * Writes each new content to a private temporary file in the same folder and syncs it, then renames all of them one by
 * one and syncs the folder. A reader finds all of the old or all of the new content, even after a power cut. If a write
 * fails, no file is replaced. A file keeps its owner and permissions, as far as this user may give them.
 *
 * @throws The file system's own error; temporary files are removed.
 */
export const replaceFiles = async (
  folder: string,
  replacements: readonly Replacement[],
  { mode = privateFile, fs = hostFs }: ReplaceOptions = {},
): Promise<void> => {
  await makeFolder(folder, fs);
  const staged: Staged[] = [];
  try {
    for (const replacement of replacements) staged.push(await stage(folder, replacement, fs, mode));
    while (staged[0]) {
      await fs.rename(staged[0].temporary, staged[0].path);
      staged.shift();
    }
  } catch (thrown) {
    for (const { temporary } of staged) await forget(temporary, fs);
    throw thrown;
  }
  await syncFolder(folder, fs);
};

/** Replaces one file durably, like {@link replaceFiles}. */
export const replaceFile = (path: string, content: Content, options: ReplaceOptions = {}): Promise<void> =>
  replaceFiles(dirname(path), [{ path, content }], options);

/** Removes files of one folder durably; skips missing ones. */
export const removeFiles = async (folder: string, paths: readonly string[], fs: DurableFs = hostFs): Promise<void> => {
  let removed = 0;
  for (const path of paths) {
    try {
      await fs.unlink(path);
      removed += 1;
    } catch (thrown) {
      const code = codeOf(thrown);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw thrown;
    }
  }
  if (removed > 0) await syncFolder(folder, fs);
};
