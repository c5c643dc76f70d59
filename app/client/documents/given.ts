import { SerialQueue } from '../../../adapters/shared/serialize.ts';
import { createDeadline } from '../../../adapters/shared/rest/deadline.ts';
import { maxDocumentBytes, parseJsonText } from '../../../adapters/shared/storage/json-text.ts';
import { joinBytes } from '../../../adapters/shared/storage/lines.ts';
import { parseEnv } from '../../../services/env.ts';
import { failureOf, RestError, SchemaError, SettingsError, StorageError } from '../../../services/errors.ts';
import type { DocumentName, GivenRecord } from '../../../services/given-documents.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../services/json.ts';
import type { Rest, RestTarget } from '../../../services/rest.ts';
import { parseSchema } from '../../../services/schema.ts';
import type { Storage } from '../../../services/storage.ts';
import type { DocumentOptions } from '../options/options.ts';

export interface GivenParts {
  readonly given: DocumentOptions;
  readonly storage: Storage;
  readonly rest: Rest;
  readonly record: GivenRecord;
  /** Where the documents are kept. */
  readonly paths: Readonly<Record<DocumentName, string>>;
  /** The path in a `file:` address; absent where there are no files. @throws {Error} */
  readonly pathOf: ((url: URL) => string) | undefined;
  readonly stopSignal: () => AbortSignal;
  readonly warn: (message: string) => void;
}

/** The documents that the app gave. */
export interface Given {
  /** Storage in which they are in place when they are read. */
  readonly storage: Storage;
  /** A document that was given as an object and counts now, as far as can be told at once. */
  now(name: DocumentName): JsonObject | undefined;
}

/** Time limit of a download, milliseconds; shorter than the machines' limit of a load. */
const withinMs = 45_000;
const names = ['env', 'schema'] as const satisfies readonly DocumentName[];
const checks = { env: parseEnv, schema: parseSchema };
const errors = { env: SettingsError, schema: SchemaError };

/** No instance, and no token to send. */
const anywhere: RestTarget = { baseUrl: '', unitUuid: '', token: '' };

const inOrder = (_: string, value: unknown): unknown =>
  isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
    : value;
const isSame = (one: JsonObject | undefined, other: JsonObject | undefined): boolean =>
  JSON.stringify(one, inOrder) === JSON.stringify(other, inOrder);

type Source = JsonObject | URL;

/** Copies an object, so that later changes of it do no harm. */
const sourceOf = (given: object | string | undefined): Source | undefined => {
  if (given === undefined) return undefined;
  return typeof given === 'string' || given instanceof URL
    ? new URL(given)
    : (JSON.parse(JSON.stringify(given)) as JsonObject);
};

/** Downloads a document, without a token. @throws {RestError | StorageError} */
const download = async ({ rest, stopSignal }: GivenParts, url: URL): Promise<JsonValue> => {
  const what = `${url.host}${url.pathname}`;
  const limit = createDeadline(`GET ${what}`, withinMs, stopSignal());
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await rest.getFile(anywhere, url, maxDocumentBytes, limit.signal)) chunks.push(chunk);
    return parseJsonText(what, joinBytes(chunks));
  } catch (cause) {
    // What the limit has aborted is late, not given up.
    const { cause: origin = cause } = cause instanceof RestError && cause.code === 'aborted' ? cause : {};
    throw limit.signal.aborted ? limit.explain(origin, () => cause as RestError) : cause;
  } finally {
    limit.end();
  }
};

const readFile = async ({ storage, pathOf }: GivenParts, url: URL): Promise<JsonValue> => {
  if (!pathOf) throw new StorageError('unsupported', 'A page can not read files. Give an https: address.');
  const path = pathOf(url);
  const document = await storage.readJson(path);
  if (document === undefined) throw new StorageError('io', `${path} does not exist. Correct the address.`);
  return document;
};

const readUrl = (parts: GivenParts, url: URL): Promise<JsonValue> =>
  url.protocol === 'file:' ? readFile(parts, url) : download(parts, url);

/** Keeps the version of the program in place, unless another one is given than before: a new env brings no program. */
const ofVersionInPlace = (given: JsonObject, before: JsonObject | undefined, inPlace: JsonValue | undefined) => {
  const isOtherGiven = !before || before['PU_COMMIT_VERSION'] !== given['PU_COMMIT_VERSION'];
  const version = isJsonObject(inPlace) ? inPlace['PU_COMMIT_VERSION'] : undefined;
  return isOtherGiven || version === undefined ? given : { ...given, PU_COMMIT_VERSION: version };
};

/** A document that could not be had or used, as the error of its kind. */
const failed = (name: DocumentName, thrown: unknown) => {
  if (thrown instanceof errors[name]) return thrown;
  const isMalformed = thrown instanceof StorageError && thrown.code === 'malformed';
  const message = `The ${name} of the option documents can't be had. ${failureOf(thrown).message}`;
  return new errors[name](isMalformed ? 'malformed' : 'io', message, { cause: thrown });
};

const read = async (parts: GivenParts, name: DocumentName, source: Source): Promise<JsonObject> => {
  const document = source instanceof URL ? await readUrl(parts, source) : source;
  checks[name](document);
  return document as JsonObject;
};

type Sources = { readonly [K in DocumentName]: Source | undefined };

/** Creates the step that puts each document in place once; those that could not be written are in memory. */
const createPlacing = (parts: GivenParts, sources: Sources) => {
  const { storage, record, paths, warn } = parts;
  const turns = new SerialQueue();
  const placed = new Set<DocumentName>();
  const inMemory = new Map<string, JsonObject>();

  /** Writes a document, and then that it was given: a kill in between writes it again. */
  const keep = async (name: DocumentName, document: JsonObject, known: JsonObject | undefined) => {
    const inPlace = await storage.readJson(paths[name]).catch(() => undefined);
    const next = name === 'env' ? ofVersionInPlace(document, known, inPlace) : document;
    try {
      await storage.writeJson(paths[name], next);
      await record.write(name, document);
    } catch (thrown) {
      inMemory.set(paths[name], next);
      warn(`The ${name} of the option documents is in force, and can't be kept: ${failureOf(thrown).message}`);
    }
  };

  const place = async (name: DocumentName, source: Source) => {
    const known = await record.read(name);
    const isKept = known !== undefined && (await storage.exists(paths[name]).catch(() => false));
    try {
      const document = await read(parts, name, source);
      if (!isKept || !isSame(known, document)) await keep(name, document, known);
    } catch (thrown) {
      const failure = failed(name, thrown);
      if (!isKept || !(source instanceof URL)) throw failure;
      warn(`${failure.message} The one in ${paths[name]} is in force`);
    }
    placed.add(name);
  };

  const settle = (path: string): Promise<void> =>
    turns.run(async () => {
      const name = names.find((one) => paths[one] === path);
      const source = name && sources[name];
      if (name && source && !placed.has(name)) await place(name, source);
    });
  return { settle, inMemory };
};

/** Puts the documents that an app gave in place, each before it is first read. */
const placed = (parts: GivenParts, sources: Sources): Given => {
  const { storage, record } = parts;
  const { settle, inMemory } = createPlacing(parts, sources);
  return {
    storage: {
      readJson: async (path) => {
        await settle(path);
        return inMemory.get(path) ?? storage.readJson(path);
      },
      writeJson: async (path, value) => {
        // What can't be put in place is replaced all the same.
        await settle(path).catch(() => undefined);
        await storage.writeJson(path, value);
        inMemory.delete(path);
      },
      readLines: (path) => storage.readLines(path),
      writeLines: (path, lines) => storage.writeLines(path, lines),
      appendLines: (path, lines, maxLines) => storage.appendLines(path, lines, maxLines),
      writeBytes: (path, chunks) => storage.writeBytes(path, chunks),
      exists: (path) => storage.exists(path),
      remove: (path) => storage.remove(path),
    },
    now: (name) => {
      const source = sources[name];
      if (source === undefined || source instanceof URL) return undefined;
      return isSame(record.readNow?.(name), source) ? undefined : source;
    },
  };
};

/** Creates the documents that an app gave, if it gave any. */
export const givenDocuments = (parts: GivenParts): Given => {
  const { given, storage } = parts;
  const sources: Sources = { env: sourceOf(given.env), schema: sourceOf(given.schema) };
  return sources.env || sources.schema ? placed(parts, sources) : { storage, now: () => undefined };
};
