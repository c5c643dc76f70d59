import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isMissing } from '../../../adapters/node/fs/errors.ts';
import { isJsonObject } from '../../../services/json.ts';
import { isThere, readIfThere } from '../if-there.ts';
import type { Dependency } from './manifest.ts';

/** A package as it is installed. */
interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

/** The path that a folder has without links, also one that is not there yet. */
const realPathOf = async (path: string): Promise<string> => {
  try {
    return await realpath(path);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    return join(await realPathOf(dirname(path)), basename(path));
  }
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The file that npm has installed a package from, by what npm notes of a node_modules; `undefined` for one of a registry. */
const tarballOf = async ({ name, folder }: InstalledPackage): Promise<string | undefined> => {
  const modules = dirname(folder);
  const lock = parsed((await readIfThere(join(modules, '.package-lock.json'))) ?? '');
  const packages = isJsonObject(lock) ? lock['packages'] : undefined;
  const noted = isJsonObject(packages) ? packages[`node_modules/${name}`] : undefined;
  const origin = isJsonObject(noted) ? noted['resolved'] : undefined;
  if (typeof origin !== 'string' || !origin.startsWith('file:')) return undefined;
  const path = resolve(dirname(modules), origin.slice('file:'.length));
  return (await isThere(path)) ? path : undefined;
};

/** Says what a unit in a folder needs of an installed package: its version, or the file that it was installed from. */
export const dependencyOn = async (installed: InstalledPackage, folder: string): Promise<Dependency> => {
  const { name, version } = installed;
  const tarball = await tarballOf(installed);
  if (tarball === undefined) return { name, wanted: `^${version}` };
  return { name, wanted: `file:${relative(await realPathOf(resolve(folder)), tarball)}` };
};
