import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { FirmwareError } from '../../../services/errors.ts';
import type { ArchiveLimits } from '../../../services/firmware.ts';
import { exactNames } from '../../shared/archive/entry-names.ts';
import type { IsIgnored } from '../../shared/archive/ignore-rules.ts';
import { checkLinks, type TreeLink } from '../../shared/archive/links.ts';
import { isMissing } from '../fs/errors.ts';
import { inside, walkTree } from '../fs/file-tree.ts';

/** A file or a symbolic link of a unit's program. */
export interface UnitFile {
  /** Path relative to the unit's folder, with `/` as separator. */
  readonly path: string;
  readonly isExecutable: boolean;
  /** Where a link leads, relative to its folder; missing for a file. */
  readonly target?: string;
}

/** Names at the root that belong to no version: git's own, those written by the instance, and those made by a unit. */
const leftOut = new Set(['.git', '.pepeunit', 'env.json', 'schema.json', 'log.json']);

const rulesIn = async (folder: string, name: string): Promise<IsIgnored> => {
  try {
    const { ignoreRules } = await import('../../shared/archive/ignore-rules.ts');
    return ignoreRules(await readFile(join(folder, name), 'utf8'));
  } catch (cause) {
    if (isMissing(cause)) return () => false;
    throw cause;
  }
};

const isLink = (file: UnitFile): file is UnitFile & TreeLink => file.target !== undefined;

/**
 * Lists the files and links of a program as the platform packs them: without files that .gitignore or .pepeignore of the folder
 * exclude.
 *
 * @returns Sorted by path.
 * @throws {FirmwareError} `hostile` for a device, or for a link that no unit takes: it leads out of the folder, back to
 *   itself or through another link.
 */
export const unitFiles = async (
  folder: string,
  limits: Pick<ArchiveLimits, 'pathLength'>,
): Promise<readonly UnitFile[]> => {
  const rules = [await rulesIn(folder, '.gitignore'), await rulesIn(folder, '.pepeignore')];
  const isLeftOut = (path: string): boolean => leftOut.has(path) || rules.some((isIgnored) => isIgnored(path));
  const files: UnitFile[] = [];
  for await (const { path, stats } of walkTree(folder, (name) => !leftOut.has(name) && !isLeftOut(`${name}/`))) {
    if (stats.isDirectory() || isLeftOut(path)) continue;
    if (stats.isSymbolicLink()) {
      files.push({ path, isExecutable: false, target: await readlink(inside(folder, path)) });
      continue;
    }
    if (!stats.isFile()) {
      throw new FirmwareError(
        'hostile',
        `${path} is neither a file, a folder nor a link, and no unit would take it. Remove it.`,
      );
    }
    files.push({ path, isExecutable: (stats.mode & 0o100) !== 0 });
  }
  checkLinks(files.filter(isLink), limits, exactNames);
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
};
