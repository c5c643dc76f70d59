import { FirmwareError, StorageError } from '../../../services/errors.ts';
import { isJsonObject, type JsonValue } from '../../../services/json.ts';
import { readJson } from '../fs/read-json.ts';

/** What a version needs from its host, as its package.json says. */
export interface Needs {
  /** Packages without which it can't run: what is wanted of each, by name. */
  readonly packages: ReadonlyMap<string, string>;
  /** Packages that it can do without. */
  readonly optional: ReadonlyMap<string, string>;
  /** Versions of Node that it runs on; `undefined` if it says nothing. */
  readonly node: string | undefined;
}

/** The needs of a version without a package.json. */
export const noNeeds: Needs = { packages: new Map(), optional: new Map(), node: undefined };

const maxBytes = 4 * 1024 * 1024;
const maxNameLength = 214;

/** Whether a text can be a package's name, and leads nowhere else as a path. */
const isPackageName = (name: string): boolean =>
  name.length <= maxNameLength && /^(?:@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*$/.test(name);

const malformed = (why: string, cause?: unknown): FirmwareError =>
  new FirmwareError('malformed', `The firmware's package.json ${why}. Correct it, and send the update again.`, {
    cause,
  });

const packagesIn = (value: JsonValue | undefined, field: string): ReadonlyMap<string, string> => {
  if (value === undefined) return new Map();
  if (!isJsonObject(value)) throw malformed(`has ${field} that are no object`);
  const packages = new Map<string, string>();
  for (const [name, wanted] of Object.entries(value)) {
    if (!isPackageName(name)) throw malformed(`has a name in its ${field} that is none of a package`);
    if (typeof wanted !== 'string') throw malformed(`does not say by a text which ${name} it needs`);
    packages.set(name, wanted);
  }
  return packages;
};

/** Reads a document as a package.json. @throws {FirmwareError} `malformed` */
const needsIn = (document: JsonValue | undefined): Needs => {
  if (document === undefined) return noNeeds;
  if (!isJsonObject(document)) throw malformed('is no object, and Node loads no module beside such a file');
  const { engines } = document;
  const optional = packagesIn(document.optionalDependencies, 'optionalDependencies');
  const named = packagesIn(document.dependencies, 'dependencies');
  const node = isJsonObject(engines) && typeof engines.node === 'string' ? engines.node : undefined;
  return { packages: new Map([...named].filter(([name]) => !optional.has(name))), optional, node };
};

/**
 * Reads what a version needs from its package.json.
 *
 * @throws {FirmwareError} `malformed` for a file that Node or npm can't take.
 */
export const readNeeds = async (path: string): Promise<Needs> => {
  try {
    return needsIn(await readJson(path, maxBytes));
  } catch (thrown) {
    if (!(thrown instanceof StorageError)) throw thrown;
    throw malformed('is not JSON, and Node loads no module beside such a file', thrown);
  }
};
