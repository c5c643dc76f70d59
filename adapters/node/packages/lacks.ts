import { dirname, join } from 'node:path';
import { realpath } from 'node:fs/promises';
import { StorageError } from '../../../services/errors.ts';
import { isJsonObject, type JsonValue } from '../../../services/json.ts';
import { readJson } from '../fs/read-json.ts';

/** A package that is needed, and not there. */
export interface Lack {
  readonly name: string;
  /** What is wanted of it: a range of versions, or where it comes from. */
  readonly wanted: string;
  readonly isRange: boolean;
  /** The version that is there instead, if one is. */
  readonly found?: string;
}

const maxBytes = 4 * 1024 * 1024;

/** Reads a package.json; one that is damaged counts as none. */
const readPackage = async (path: string): Promise<JsonValue | undefined> => {
  try {
    return await readJson(path, maxBytes);
  } catch (thrown) {
    if (thrown instanceof StorageError) return undefined;
    throw thrown;
  }
};

/** The folder of a program and all above it: where Node looks for packages, nearest first. */
const foldersFrom = (folder: string): string[] => {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersFrom(above)];
};

/** Creates a function that finds the version of a package as a program in a folder would; `undefined` without one. */
export const packageFinder = async (folder: string): Promise<(name: string) => Promise<string | undefined>> => {
  const folders = foldersFrom(await realpath(folder));
  return async (name) => {
    for (const each of folders) {
      const document = await readPackage(join(each, 'node_modules', name, 'package.json'));
      if (isJsonObject(document)) return typeof document.version === 'string' ? document.version : '';
    }
    return undefined;
  };
};

/** Whether a version is in a range; a prerelease counts as what it leads to. */
export const isInRange = async (version: string, range: string): Promise<boolean> => {
  const { default: semver } = await import('semver');
  return semver.satisfies(version, range, { includePrerelease: true });
};

/** Whether a text is a range of versions, and not the address of a package, its folder or a tag. */
export const isRange = async (wanted: string): Promise<boolean> => {
  const { default: semver } = await import('semver');
  return semver.validRange(wanted) !== null;
};

/** Lists the needed packages that a program in a folder would not find. Of one that is no range any version will do. */
export const lacksIn = async (folder: string, needed: ReadonlyMap<string, string>): Promise<readonly Lack[]> => {
  const find = await packageFinder(folder);
  const lacks: Lack[] = [];
  for (const [name, wanted] of needed) {
    const [found, hasRange] = [await find(name), await isRange(wanted)];
    const isThere = found !== undefined && (!hasRange || (await isInRange(found, wanted)));
    if (!isThere) lacks.push({ name, wanted, isRange: hasRange, ...(found !== undefined && { found }) });
  }
  return lacks;
};
