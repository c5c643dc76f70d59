import { appendFile, mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InstanceError } from './errors.ts';

/** Keeps named documents; names are relative paths with `/`. */
export interface Disk {
  /** @returns `undefined` when there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Names of the documents in a folder, sorted; called before anything is written there. */
  list(folder: string): Promise<string[]>;
  /** Replaces a document at once: whoever reads next finds the old one or the new one. */
  replace(name: string, content: Uint8Array | string): Promise<void>;
  /** Adds to a document; a crash may leave the last line torn. */
  append(name: string, text: string): Promise<void>;
}

const encoder = new TextEncoder();
const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === 'string' ? encoder.encode(content) : content;

/** A disk that is forgotten with the process; what is appended is kept by its callers alone. */
export const memoryDisk = (): Disk => {
  const documents = new Map<string, Uint8Array>();
  return {
    read: async (name) => documents.get(name),
    list: async (folder) => [...documents.keys()].filter((name) => dirname(name) === folder).toSorted(),
    replace: async (name, content) => void documents.set(name, bytesOf(content)),
    append: async () => undefined,
  };
};

const isMissing = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';

const failed = (what: string, path: string, cause: unknown) =>
  new InstanceError('io', `${path} can't be ${what}. Check the disk and the folder's permissions.`, { cause });

const syncFolder = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
};

const replaceFile = async (path: string, content: Uint8Array, temporary: string): Promise<void> => {
  try {
    const handle = await open(temporary, 'wx', 0o600);
    await handle
      .writeFile(content)
      .then(() => handle.sync())
      .finally(() => handle.close());
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw failed('written', path, cause);
  }
};

/** A folder of files that only its owner may read: whole documents survive a kill and a power cut. */
export const folderDisk = (root: string): Disk => {
  let writes = 0;
  const at = async (name: string): Promise<string> => {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return path;
  };
  return {
    read: async (name) => {
      const path = join(root, name);
      try {
        return await readFile(path);
      } catch (cause) {
        if (isMissing(cause)) return undefined;
        throw failed('read', path, cause);
      }
    },
    list: async (folder) => {
      try {
        const names = (await readdir(join(root, folder))).toSorted();
        const leftovers = names.filter((name) => name.endsWith('.tmp'));
        await Promise.all(leftovers.map((name) => rm(join(root, folder, name), { force: true })));
        return names.filter((name) => !name.endsWith('.tmp')).map((name) => `${folder}/${name}`);
      } catch (cause) {
        if (isMissing(cause)) return [];
        throw failed('read', join(root, folder), cause);
      }
    },
    replace: async (name, content) => {
      const path = await at(name);
      writes += 1;
      await replaceFile(path, bytesOf(content), `${path}.${process.pid}.${writes}.tmp`);
    },
    append: async (name, text) => {
      const path = await at(name);
      await appendFile(path, text, { mode: 0o600 }).catch((cause: unknown) => {
        throw failed('written', path, cause);
      });
    },
  };
};
