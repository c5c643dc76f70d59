import { createHash } from 'node:crypto';
import { fstatSync, type Stats } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ignoreMissing } from '../../../adapters/node/fs/errors.ts';
import { inside, walkTree, type TreeEntry } from '../../../adapters/node/fs/file-tree.ts';
import { isTemporaryName } from '../../../adapters/node/fs/temporary-files.ts';
import { ignoreRules, type IsIgnored } from '../../../adapters/shared/archive/ignore-rules.ts';
import { baseKeys } from '../../../services/base-topics.ts';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import type { FileDocument, SchemaExample, VersionDocument } from '../store/documents.ts';
import { InstanceError, invalid } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { parseJson } from './json-text.ts';

/** Size limits of a version. */
const limits = { files: 10_000, bytes: 256 * 1024 * 1024 };

/** Names at the root that are no part of a version: git's and npm's folders, and what the instance or the unit writes. */
const leftOut = new Set(['.git', 'node_modules', '.pepeunit', 'env.json', 'schema.json', 'log.json']);

interface SourceFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
  readonly link?: boolean;
}

const sha1 = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha1');
  parts.forEach((part) => hash.update(part));
  return hash.digest('hex');
};

const unreadable = (folder: string, cause: unknown) =>
  new InstanceError('invalid', `The folder ${folder} can't be read. Name a folder on the instance's own machine.`, {
    cause,
  });

/** The rules of an ignore file of a folder; none without it. */
export const rulesIn = async (folder: string, name: '.gitignore' | '.pepeignore'): Promise<IsIgnored> =>
  ignoreRules((await readFile(join(folder, name), 'utf8').catch(ignoreMissing)) ?? '');

/** What git would not have of a folder, by its .gitignore, and what the unit is just writing. */
const notInGit = async (root: string): Promise<IsIgnored> => {
  const isIgnored = await rulesIn(root, '.gitignore');
  return (path) => leftOut.has(path) || isTemporaryName(basename(path)) || isIgnored(path);
};

/** The stats of an open descriptor; `undefined` for one that the program has closed. */
const openStats = (descriptor: number): Stats | undefined => {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
};

/** Finds the files that this process prints to, as by `> dev.log`. */
const ownOutput = (): ((stats: TreeEntry['stats']) => boolean) => {
  const outputs = [1, 2].map(openStats);
  return ({ dev, ino }) => outputs.some((output) => output?.dev === dev && output.ino === ino);
};

/**
 * Walks the files of a unit's folder: what git would have of it, without those that are just written: the unit's own
 * documents, and what this process prints.
 *
 * @param isUnwanted Leaves out more.
 */
export async function* filesOf(root: string, isUnwanted: IsIgnored = () => false): AsyncGenerator<TreeEntry> {
  const isNotInGit = await notInGit(root);
  const isLeftOut: IsIgnored = (path) => isNotInGit(path) || isUnwanted(path);
  const isOutput = ownOutput();
  for await (const entry of walkTree(root, (name) => !isLeftOut(name) && !isLeftOut(`${name}/`))) {
    const { path, stats } = entry;
    if (!stats.isDirectory() && !isLeftOut(path) && !isOutput(stats)) yield entry;
  }
}

const collect = async (root: string): Promise<SourceFile[]> => {
  const files: SourceFile[] = [];
  let total = 0;
  for await (const { path, stats } of filesOf(root)) {
    const isLink = stats.isSymbolicLink();
    if (!isLink && !stats.isFile()) {
      throw invalid(`${path} is neither a file, a folder nor a link. Remove it from the unit's folder.`);
    }
    const at = inside(root, path);
    const bytes = isLink ? new TextEncoder().encode(await readlink(at)) : await readFile(at);
    files.push({ path, bytes, executable: !isLink && (stats.mode & 0o100) !== 0, ...(isLink && { link: true }) });
    total += bytes.length;
    if (files.length > limits.files || total > limits.bytes) {
      throw invalid(
        `The folder holds more than ${limits.files} files or ${limits.bytes} bytes. Leave out what no unit needs.`,
      );
    }
  }
  return files;
};

const readFiles = async (folder: string): Promise<SourceFile[]> => {
  try {
    return await collect(folder);
  } catch (thrown) {
    throw thrown instanceof InstanceError ? thrown : unreadable(folder, thrown);
  }
};

const parseObject = (files: readonly SourceFile[], name: string): JsonObject => {
  const file = files.find(({ path, link }) => path === name && link !== true);
  if (!file) throw invalid(`The folder holds no ${name}. Add it, as every unit has one.`);
  let document: unknown;
  try {
    document = parseJson(new TextDecoder().decode(file.bytes));
  } catch (cause) {
    throw new InstanceError('invalid', `${name} is not JSON, or nested too deep. Correct it.`, { cause });
  }
  if (!isJsonObject(document)) throw invalid(`${name} must be a JSON object. Correct it.`);
  return document;
};

const isKey = (value: unknown): value is string => typeof value === 'string' && /^[^#+\0]{1,200}$/.test(value);

const keysOf = (document: JsonObject, section: keyof SchemaExample): string[] => {
  const keys = Object.hasOwn(document, section) ? document[section] : undefined;
  if (!Array.isArray(keys) || !keys.every(isKey) || new Set(keys).size !== keys.length) {
    throw invalid(`schema_example.json: ${section} must be a list of different topic keys. Correct it.`);
  }
  if (section === 'input_base_topic' || section === 'output_base_topic') {
    const unknown = keys.find((key) => !baseKeys[section].includes(key));
    if (unknown !== undefined) throw invalid(`schema_example.json: ${section} knows no ${unknown}. Remove it.`);
  }
  return keys;
};

const schemaExampleOf = (document: JsonObject): SchemaExample => ({
  input_base_topic: keysOf(document, 'input_base_topic'),
  output_base_topic: keysOf(document, 'output_base_topic'),
  input_topic: keysOf(document, 'input_topic'),
  output_topic: keysOf(document, 'output_topic'),
});

/**
 * Copies a folder into the store as a version: what git would have of it, without what its .pepeignore excludes. Equal
 * contents make equal commits.
 *
 * @throws {InstanceError} `invalid` when it is not a unit's folder, or too large.
 */
export const readVersion = async (
  store: Store,
  folder: string,
  compiledFirmwareLink: string | null,
): Promise<VersionDocument> => {
  const sources = await readFiles(folder);
  const envExample = parseObject(sources, 'env_example.json');
  const schemaExample = schemaExampleOf(parseObject(sources, 'schema_example.json'));
  const ignores = sources.find(({ path, link }) => path === '.pepeignore' && link !== true);
  const isIgnored = ignoreRules(new TextDecoder().decode(ignores?.bytes));
  const program = sources.filter(({ path }) => !isIgnored(path));
  const files = program.map(({ bytes, path, ...file }): FileDocument => ({ path, hash: sha1(bytes), ...file }));
  await Promise.all(program.map(({ bytes }) => store.putBlob(sha1(bytes), bytes)));
  return {
    commit: sha1(JSON.stringify([files, compiledFirmwareLink])),
    created: new Date().toISOString(),
    files,
    envExample,
    schemaExample,
    compiledFirmwareLink,
  };
};
