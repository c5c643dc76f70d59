import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { recordFolder } from './canary/record.ts';

/** An empty folder, and how to remove it with all that is in it. */
export interface Folder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Creates a folder for what outlives a test, and for concurrent tests; the caller removes it. */
export const createFolder = async (): Promise<Folder> => {
  const path = await mkdtemp(join(tmpdir(), 'pepeunit-test-'));
  // What a stop has cut off at its time limit may still be at work in it.
  return {
    path,
    remove: async () => {
      await recordFolder(path);
      await rm(path, { recursive: true, force: true, maxRetries: 10 });
    },
  };
};

/** Creates a folder that is removed when the test is over. @returns Its path. */
export const temporaryFolder = async (): Promise<string> => {
  const { path, remove } = await createFolder();
  onTestFinished(remove);
  return path;
};

/** Texts by file name, which may have folders in it. */
export type Files = Readonly<Record<string, string>>;

/** Writes files into a folder, and makes the folders on their way. */
export const writeFiles = async (folder: string, files: Files): Promise<void> => {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
};

/** Makes symbolic links in a folder, each to its target, and the folders on their way. */
export const makeLinks = async (folder: string, links: Files): Promise<void> => {
  for (const [name, target] of Object.entries(links)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await symlink(target, join(folder, name));
  }
};
