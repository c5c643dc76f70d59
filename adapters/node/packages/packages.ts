import { join } from 'node:path';
import { FirmwareError } from '../../../services/errors.ts';
import type { FirmwarePackages } from '../../../services/firmware.ts';
import { ioError } from '../fs/errors.ts';
import { hostFs, statsOf } from '../fs/file-system.ts';
import { isSameFile } from '../firmware/kept-files.ts';
import { FirmwareLayout } from '../firmware/layout.ts';
import { installPackages, lockNames } from './install.ts';
import { isInRange, isRange, lacksIn, packageFinder, type Lack } from './lacks.ts';
import type { NpmOptions } from './npm.ts';
import { noNeeds, readNeeds, type Needs } from './package-json.ts';

/** Options of a unit's packages. */
export interface FolderPackagesOptions {
  /** The unit's folder, with its env.json. */
  readonly folder: string;
  /** Installs the packages of new versions. @defaultValue a version whose packages are not there is refused */
  readonly install?: NpmOptions | undefined;
}

const maxShown = 20;

/** A word of a command, for a shell. */
const quoted = (word: string): string => (/^[\w@/.^~:+-]+$/.test(word) ? word : `'${word}'`);

const shown = ({ name, wanted, isRange: hasRange, found }: Lack): string =>
  // Another address may hold a token.
  `${name}${hasRange ? `@${wanted}` : ''}${found === undefined ? '' : ` (${found || 'no version'} is there)`}`;

/** How to get packages; one that does not come from a registry has no name for npm that is safe to show. */
const adviceFor = (lacks: readonly Lack[]): string => {
  if (lacks.length > maxShown || lacks.some((lack) => !lack.isRange))
    return "Install them in the unit's folder, or set update.install";
  const words = lacks.map(({ name, wanted }) => quoted(`${name}@${wanted}`));
  return `Install them in the unit's folder (npm install --prefix . --no-save --omit=dev ${words.join(' ')}), or set update.install`;
};

const lacking = (lacks: readonly Lack[]): FirmwareError => {
  const others = lacks.length > maxShown ? ` and ${lacks.length - maxShown} more` : '';
  const list = lacks.slice(0, maxShown).map(shown).join(', ');
  return new FirmwareError(
    'dependencies',
    `The firmware needs packages that the device does not have: ${list}${others}. ${adviceFor(lacks)}; then send the update again.`,
  );
};

/** Checks that a version is for this Node. @throws {FirmwareError} `dependencies` */
const checkNode = async ({ node }: Needs, before: Needs): Promise<void> => {
  const running = process.versions.node;
  if (node === undefined || node === before.node || !(await isRange(node)) || (await isInRange(running, node))) return;
  throw new FirmwareError(
    'dependencies',
    `The firmware needs Node ${node}, and this is ${running}. Install that Node on the device, or send a version for this one.`,
  );
};

/** The packages that the running version did not need, or not so. */
const added = (now: Needs['packages'], before: Needs['packages']): ReadonlyMap<string, string> =>
  new Map([...now].filter(([name, wanted]) => before.get(name) !== wanted));

/** Whether a version has a lock file, and the running one has not the same. */
const hasNewLock = async (folder: string, staging: string): Promise<boolean> => {
  for (const name of lockNames) {
    if (!(await statsOf(hostFs, join(staging, name)))) continue;
    return !(await isSameFile(hostFs, join(staging, name), join(folder, name)));
  }
  return false;
};

/** Whether a version may need other packages than the running one. */
const isOther = async (folder: string, staging: string, now: Needs, before: Needs): Promise<boolean> => {
  if (now.packages.size + now.optional.size === 0) return false;
  const named = [added(now.packages, before.packages), added(now.optional, before.optional)];
  return named.some(({ size }) => size > 0) || hasNewLock(folder, staging);
};

/** Whether the running version works without any of the packages that it names, as a bundle does. */
const isBundle = async (folder: string, { packages }: Needs): Promise<boolean> => {
  const find = await packageFinder(folder);
  const found = await Promise.all([...packages.keys()].map(find));
  return found.length > 0 && found.every((version) => version === undefined);
};

/** What the running version needs; nothing if its package.json is damaged. */
const readRunning = (folder: string): Promise<Needs> =>
  readNeeds(join(folder, 'package.json')).catch((thrown: unknown) => {
    if (thrown instanceof FirmwareError) return noNeeds;
    throw thrown;
  });

/** Checks that new packages are there for the program in a folder. @throws {FirmwareError} `dependencies` */
const checkPackages = async (folder: string, now: Needs, before: Needs): Promise<void> => {
  const needed = added(now.packages, before.packages);
  if (needed.size === 0 || (await isBundle(folder, before))) return;
  const lacks = await lacksIn(folder, needed);
  if (lacks.length > 0) throw lacking(lacks);
};

/** Holds new versions to the packages in and above a unit's folder, or installs theirs. */
export const folderPackages = ({ folder, install }: FolderPackagesOptions): FirmwarePackages => {
  const ensure = async (id: string, signal: AbortSignal): Promise<void> => {
    const layout = new FirmwareLayout(folder);
    const staging = layout.staging(id);
    const now = await readNeeds(join(staging, 'package.json'));
    const before = await readRunning(folder);
    await checkNode(now, before);
    if (!install) return checkPackages(folder, now, before);
    if (await isOther(folder, staging, now, before)) await installPackages(layout, id, install, signal);
  };
  return {
    ensure: (id, signal) =>
      ensure(id, signal).catch((cause: unknown) => {
        throw ioError("The firmware's packages could not be seen to", cause);
      }),
  };
};
