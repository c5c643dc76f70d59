import { appendFile, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder, replaceFile } from '../../../adapters/node/fs/durable-file.ts';
import { codeOf } from '../../../adapters/node/fs/errors.ts';
import { isTemporaryName, sweepTemporaries } from '../../../adapters/node/fs/temporary-files.ts';
import { SerialQueue } from '../../../adapters/shared/serialize.ts';
import { InstanceError } from '../errors.ts';

/** Stores named documents; names are relative paths with `/`. */
export interface Disk {
  /** @returns `undefined` when there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Lists the names of the documents in a folder, sorted. */
  list(folder: string): Promise<string[]>;
  /** Replaces a document atomically: a reader finds the old one or the new one. */
  replace(name: string, content: Uint8Array | string): Promise<void>;
  /** Removes a document, if there is one. */
  remove(name: string): Promise<void>;
  /** Appends to a document; a crash may leave the last line incomplete. */
  append(name: string, text: string): Promise<void>;
}

const encoder = new TextEncoder();
const encoded = (content: Uint8Array | string): Uint8Array =>
  typeof content === 'string' ? encoder.encode(content) : content;

/** A disk in memory. `append` does nothing, as its callers keep the entries themselves. */
export const memoryDisk = (): Disk => {
  const documents = new Map<string, Uint8Array>();
  return {
    read: async (name) => documents.get(name),
    list: async (folder) => [...documents.keys()].filter((name) => dirname(name) === folder).toSorted(),
    replace: async (name, content) => void documents.set(name, encoded(content)),
    remove: async (name) => void documents.delete(name),
    append: async () => undefined,
  };
};

const diskError = (what: string, path: string, cause: unknown) =>
  new InstanceError('io', `${path} can't be ${what}. Check the disk and the folder's permissions.`, { cause });

/** Runs a file operation. @throws {InstanceError} `io`, or its own */
export const attempt = async <T>(what: string, path: string, job: () => Promise<T>): Promise<T> => {
  try {
    return await job();
  } catch (cause) {
    throw cause instanceof InstanceError ? cause : diskError(what, path, cause);
  }
};

/** @returns `undefined` where the file or folder does not exist. */
const attemptRead = async <T>(path: string, job: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await job();
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw diskError('read', path, cause);
  }
};

/** A disk in a folder whose files only the owner may read. `replace` survives a kill and a power cut. */
export const folderDisk = (root: string): Disk => ({
  read: (name) => attemptRead(join(root, name), () => readFile(join(root, name))),
  list: async (folder) => {
    const path = join(root, folder);
    await sweepTemporaries(path);
    const names = (await attemptRead(path, () => readdir(path))) ?? [];
    return names
      .filter((name) => !isTemporaryName(name))
      .toSorted()
      .map((name) => `${folder}/${name}`);
  },
  replace: (name, content) => attempt('written', join(root, name), () => replaceFile(join(root, name), content)),
  remove: (name) => attempt('removed', join(root, name), () => rm(join(root, name), { force: true })),
  append: (name, text) => {
    const path = join(root, name);
    return attempt('written', path, async () => {
      await makeFolder(dirname(path));
      await appendFile(path, text, { mode: 0o600 });
    });
  },
});

/**
 * Merges the calls during a run into one run after it.
 *
 * @returns A function that resolves at the end of a run that began after the call.
 */
export const coalesced = (run: () => Promise<void>): (() => Promise<void>) => {
  const turns = new SerialQueue();
  let pending: Promise<void> | undefined;
  return () => {
    pending ??= turns.run(() => {
      pending = undefined;
      return run();
    });
    return pending;
  };
};
