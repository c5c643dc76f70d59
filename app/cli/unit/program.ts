import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readDocument } from '../../../adapters/node/fs/read-json.ts';
import { isJsonObject } from '../../../services/json.ts';
import { UsageError } from '../command.ts';

const names = ['main.ts', 'main.js', 'main.mts', 'main.mjs'];

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );

/**
 * Finds the program of the unit in a folder: what `main` of its package.json names, else main.ts or main.js.
 *
 * @returns Its absolute path.
 * @throws {UsageError} There is none.
 */
export const programIn = async (folder: string): Promise<string> => {
  const manifest = await readDocument(join(folder, 'package.json'));
  const main = isJsonObject(manifest) ? manifest['main'] : undefined;
  for (const name of [...(typeof main === 'string' ? [main] : []), ...names]) {
    if (await isFile(join(folder, name))) return resolve(folder, name);
  }
  throw new UsageError(
    `${resolve(folder)} has no main.js, and no package.json names another. Give the program's path.`,
  );
};
