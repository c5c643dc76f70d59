import { dirname, join, resolve } from 'node:path';
import { isMarkedUnguarded } from '../../../adapters/node/program/unguarded-links.ts';
import { readDocument } from '../../../adapters/node/fs/read-json.ts';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import { unguardedLinks } from '../../client/options/link-trust.ts';
import { isThere } from '../if-there.ts';
import { check, type Check } from './check.ts';
import { failed, ok, skipped, splitMessage, warning } from './finding.ts';
import { isInRange } from './host-checks.ts';

const textIn = (object: JsonObject, name: string): string | undefined => {
  const value = object[name];
  return typeof value === 'string' ? value : undefined;
};

const objectIn = (object: JsonObject, name: string): JsonObject => {
  const value = object[name];
  return isJsonObject(value) ? value : {};
};

const isTypeScript = (name: string): boolean => /\.[cm]?ts$/.test(name);
const runsTypeScript = (): boolean => Boolean((process.features as { typescript?: unknown }).typescript);

/** The program of a unit whose package.json names none. */
const usualProgramIn = async (folder: string): Promise<string | undefined> => {
  for (const name of ['main.js', 'main.ts']) if (await isThere(join(folder, name))) return name;
  return undefined;
};

/** Reads the package.json of a unit's program. */
const manifestCheck = (folder: string, place: Check): Check<JsonObject> =>
  check('program', { place }, async () => {
    const manifest = await readDocument(join(folder, 'package.json'));
    if (manifest === undefined) return skipped('there is no package.json');
    if (!isJsonObject(manifest)) return failed('package.json is no JSON object.', 'Correct it.');
    const main = textIn(manifest, 'main') ?? (await usualProgramIn(folder));
    const { node: version } = process.versions;
    const range = textIn(objectIn(manifest, 'engines'), 'node') ?? '';
    if (isInRange(version, range) === false) {
      return failed(`package.json asks for Node ${range}, and ${version} runs here.`, 'Install such a Node.');
    }
    if (main === undefined) return ok('not known: package.json names none', manifest);
    if (!(await isThere(join(folder, main)))) {
      return failed(
        `${main}, the program of package.json, is not there.`,
        'Build it, or correct "main" in package.json.',
      );
    }
    if (isTypeScript(main) && !runsTypeScript()) {
      return failed(
        `${main} is TypeScript, which this Node (${version}) does not run by itself.`,
        'Install Node 22.18 or newer, or compile it and name the result in "main" of package.json.',
      );
    }
    return ok(main, manifest);
  });

/** Whether a package is in a node_modules of this folder, or of one above it. */
const isInstalled = async (folder: string, name: string): Promise<boolean> => {
  if (await isThere(join(folder, 'node_modules', name))) return true;
  const above = dirname(folder);
  return above !== folder && isInstalled(above, name);
};

const packagesCheck = (folder: string, manifest: Check<JsonObject>) =>
  check('packages', { manifest }, async ({ manifest: given }) => {
    const names = Object.keys(objectIn(given, 'dependencies'));
    const found = await Promise.all(names.map((name) => isInstalled(resolve(folder), name)));
    const missing = names.filter((_, at) => found[at] !== true);
    if (missing.length === 0) return ok(`${names.length} of package.json`, undefined);
    return warning(
      `${missing.join(', ')} of package.json ${missing.length === 1 ? 'is' : 'are'} not installed.`,
      `Run npm install in ${resolve(folder)}, unless the program is bundled.`,
      undefined,
    );
  });

const linksCheck = (folder: string, place: Check) =>
  check('program links', { place }, async () => {
    if (!(await isMarkedUnguarded(folder))) return ok('no unguarded ones are known', undefined);
    const { detail, remedy } = splitMessage(unguardedLinks);
    return warning(detail, remedy, undefined);
  });

/** Checks of the unit's program: what runs it, its packages, and where it is taken from. */
export const programChecks = (folder: string, place: Check): Check[] => {
  const manifest = manifestCheck(folder, place);
  return [manifest, packagesCheck(folder, manifest), linksCheck(folder, place)];
};
