import { access, readFile } from 'node:fs/promises';
import { isMissing } from '../../adapters/node/fs/errors.ts';

/** Whether this program can reach a file or folder. */
export const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Reads a text file. @returns `undefined` when there is none. */
export const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
};
