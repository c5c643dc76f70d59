import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FirmwareError } from '../../../services/errors.ts';
import { ignoreRules, type IsIgnored } from '../../shared/archive/ignore-rules.ts';
import { isMissing } from '../fs/errors.ts';
import { walkTree } from '../fs/file-tree.ts';

/** A file of a unit's program. */
export interface UnitFile {
  /** Path relative to the unit's folder, with `/` as separator. */
  readonly path: string;
  readonly isExecutable: boolean;
}

/** Names at the root that belong to no version: git's own, those written by the instance, and those made by a unit. */
const leftOut = new Set(['.git', '.pepeunit', 'env.json', 'schema.json', 'log.json']);

const rulesIn = async (folder: string, name: string): Promise<IsIgnored> => {
  try {
    return ignoreRules(await readFile(join(folder, name), 'utf8'));
  } catch (cause) {
    if (isMissing(cause)) return () => false;
    throw cause;
  }
};

/**
 * Lists the files of a program as the platform packs them: without files that .gitignore or .pepeignore of the folder
 * exclude.
 *
 * @returns The files, sorted by path.
 * @throws {FirmwareError} `hostile` for a link or a device
 */
export const unitFiles = async (folder: string): Promise<readonly UnitFile[]> => {
  const rules = [await rulesIn(folder, '.gitignore'), await rulesIn(folder, '.pepeignore')];
  const isLeftOut = (path: string): boolean => leftOut.has(path) || rules.some((isIgnored) => isIgnored(path));
  const files: UnitFile[] = [];
  for await (const { path, stats } of walkTree(folder, (name) => !leftOut.has(name) && !isLeftOut(`${name}/`))) {
    if (stats.isDirectory() || isLeftOut(path)) continue;
    if (!stats.isFile()) {
      throw new FirmwareError(
        'hostile',
        `${path} is neither a file nor a folder, and no unit would take it. Remove it.`,
      );
    }
    files.push({ path, isExecutable: (stats.mode & 0o100) !== 0 });
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
};
