import { StorageError } from '../../services/errors.ts';
import type { Folders } from '../../services/folders.ts';

const refuse = async (path: string): Promise<never> => {
  throw new StorageError('unsupported', `${path}: there are no folders here. Use documents instead.`);
};

/** The folders of a host that has none: nothing exists, and every other method throws `unsupported`. */
export const noFolders = (): Folders => {
  return {
    exists: async () => false,
    // oxlint-disable-next-line require-yield -- there is nothing to yield
    async *readFile(path) {
      await refuse(path);
    },
    copyFile: refuse,
    copyFolder: refuse,
    createFolder: refuse,
    removeFolder: refuse,
    pack: refuse,
  };
};
