import { StorageError } from '../../../services/errors.ts';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import { oldestNode, type Language, type Project } from './project.ts';

/** The package that units depend on. */
export interface Dependency {
  readonly name: string;
  /** A range of versions, or where the package comes from. */
  readonly wanted: string;
}

/** What npm writes for a test that is none. */
const noTest = 'echo "Error: no test specified" && exit 1';

const scriptsOf = ({ language, extension }: Project): Readonly<Record<string, string>> => ({
  start: `pepeunit run main.${extension}`,
  dev: `pepeunit dev main.${extension}`,
  test: 'node --test',
  doctor: 'pepeunit doctor',
  readme: 'pepeunit readme',
  types: 'pepeunit types',
  ...(language === 'javascript' ? {} : { check: 'tsc' }),
});

const compilerOf = (language: Language): Readonly<Record<string, string>> =>
  language === 'javascript' ? {} : { '@types/node': '^20.19.0', typescript: '^5.9.0' };

const longestName = 214;

/** Makes a name that npm takes for a package of any name for people. */
export const packageName = (title: string, dependency: Dependency): string => {
  const name = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, longestName)
    .replace(/-+$/, '');
  const isNone = !/[a-z]/.test(name) || ['node_modules', 'favicon.ico', dependency.name].includes(name);
  return isNone ? 'unit' : name;
};

/** Writes package.json of a new unit. */
export const newManifest = (project: Project, dependency: Dependency): string => {
  const { language, extension, title, version, licence, author } = project;
  const { name, email } = author;
  const manifest = {
    name: packageName(title, dependency),
    version,
    private: true,
    license: licence,
    ...(name !== undefined && { author: email === undefined ? name : `${name} <${email}>` }),
    type: 'module',
    main: `main.${extension}`,
    engines: { node: `>=${oldestNode(language)}` },
    scripts: scriptsOf(project),
    dependencies: { [dependency.name]: dependency.wanted },
    ...(language === 'javascript' ? {} : { devDependencies: compilerOf(language) }),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
};

/** A package.json that was there before the unit. */
export interface ExistingManifest {
  readonly text: string;
  readonly document: JsonObject;
}

/** Reads the text of a package.json. @throws {StorageError} `malformed` */
export const parseManifest = (path: string, text: string): ExistingManifest => {
  try {
    const document: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (isJsonObject(document)) return { text, document };
  } catch (cause) {
    throw new StorageError('malformed', `${path} is not JSON, and nothing was written. Correct it.`, { cause });
  }
  throw new StorageError('malformed', `${path} is no JSON object, and nothing was written. Correct it.`);
};

/** A member of an existing package.json that has other members by name; what is none is not touched. */
const membersOf = (document: JsonObject, name: string): JsonObject | undefined => {
  const members = document[name] ?? {};
  return isJsonObject(members) ? members : undefined;
};

/** Adds to a member of package.json what it lacks. @returns The names that it has with other values. */
const fill = (document: JsonObject, name: string, wanted: Readonly<Record<string, string>>): string[] => {
  const members = membersOf(document, name);
  if (!members) return Object.keys(wanted);
  const isMissing = (key: string) => [undefined, noTest].includes(members[key] as string | undefined);
  const added = Object.entries(wanted).filter(([key]) => isMissing(key));
  if (added.length > 0) document[name] = { ...members, ...Object.fromEntries(added) };
  return Object.entries(wanted)
    .filter(([key, value]) => !isMissing(key) && members[key] !== value)
    .map(([key]) => key);
};

/** What a package.json became. */
export interface MergedManifest {
  readonly text: string;
  /** Names of the scripts that stayed as they were, although a unit has others. */
  readonly keptScripts: readonly string[];
}

/** Adds a unit's scripts and packages to an existing package.json, in its own indentation; replaces nothing. */
export const mergedManifest = (
  { text, document }: ExistingManifest,
  project: Project,
  dependency: Dependency,
): MergedManifest => {
  const next: JsonObject = { ...document };
  const keptScripts = fill(next, 'scripts', scriptsOf(project));
  const isListed = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].some(
    (name) => membersOf(next, name)?.[dependency.name] !== undefined,
  );
  if (!isListed) fill(next, 'dependencies', { [dependency.name]: dependency.wanted });
  fill(next, 'devDependencies', compilerOf(project.language));
  const [, indent = '  '] = /^\s*\{\r?\n([ \t]+)/.exec(text) ?? [];
  const isChanged = JSON.stringify(next) !== JSON.stringify(document);
  const end = text.endsWith('\n') ? '\n' : '';
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const written = `${JSON.stringify(next, null, indent)}${end}`.replaceAll('\n', newline);
  return { text: isChanged ? written : text, keptScripts };
};
