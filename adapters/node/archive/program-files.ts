import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FirmwareError } from '../../../services/errors.ts';
import { ignoreRules, type IsIgnored } from '../../shared/archive/ignore-rules.ts';
import { codeOf } from '../fs/errors.ts';

/** A file of a unit's program. */
export interface UnitFile {
  /** Relative to the unit's folder, with `/` between its parts. */
  readonly path: string;
  readonly isExecutable: boolean;
}

/** Names at the root that no version holds: what git keeps for itself, what the instance writes, and what a unit makes. */
const leftOut = new Set(['.git', '.pepeunit', 'env.json', 'schema.json', 'log.json']);

const rulesIn = async (folder: string, name: string): Promise<IsIgnored> => {
  try {
    return ignoreRules(await readFile(join(folder, name), 'utf8'));
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return () => false;
    throw cause;
  }
};

async function* walk(root: string, below: string, isLeftOut: IsIgnored): AsyncGenerator<UnitFile> {
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (isLeftOut(path)) continue;
    if (entry.isDirectory()) yield* walk(root, path, isLeftOut);
    else if (!entry.isFile()) {
      throw new FirmwareError(
        'hostile',
        `${path} is neither a file nor a folder, and no unit would take it. Remove it.`,
      );
    } else yield { path, isExecutable: ((await lstat(join(root, path))).mode & 0o100) !== 0 };
  }
}

/**
 * Lists the files of a program as the platform packs them: what git leaves out by the folder's .gitignore never gets
 * there, and what .pepeignore names is left out on the way to the unit.
 *
 * @returns In the order of their paths.
 * @throws {FirmwareError} `hostile` for a link or a device
 */
export const unitFiles = async (folder: string): Promise<readonly UnitFile[]> => {
  const rules = [await rulesIn(folder, '.gitignore'), await rulesIn(folder, '.pepeignore')];
  const isLeftOut: IsIgnored = (path) => leftOut.has(path) || rules.some((isIgnored) => isIgnored(path));
  const files: UnitFile[] = [];
  for await (const file of walk(folder, '', isLeftOut)) files.push(file);
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
};
