import { fromPromise } from 'xstate';
import { baseKeys } from './base-topics.ts';
import { readDocument } from './storage.ts';
import type { UnitEnv } from './env.ts';
import { SchemaError } from './errors.ts';
import { find, type Found } from './finder.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { targetOf, type Rest } from './rest.ts';
import type { Storage } from './storage.ts';

/** One section of schema.json: from topic key to physical topics, on an object without a prototype. */
export type SchemaSection<TKey extends string = string> = string extends TKey
  ? Readonly<Record<string, readonly string[]>>
  : { readonly [K in TKey]?: readonly string[] };

/** schema.json: the unit's topics. */
export interface UnitSchema {
  readonly input_base_topic: SchemaSection;
  readonly output_base_topic: SchemaSection;
  readonly input_topic: SchemaSection;
  readonly output_topic: SchemaSection;
}

export const schemaSections = ['input_base_topic', 'output_base_topic', 'input_topic', 'output_topic'] as const;

const invalid = (where: string, wanted: string) =>
  new SchemaError('invalid', `schema.json: ${where} must be ${wanted}. Download the schema from the instance again.`);

const isTopic = (value: unknown): value is string => typeof value === 'string' && value !== '' && !/[#+\0]/.test(value);

const parseSection = (name: string, value: JsonValue | undefined): SchemaSection => {
  if (!isJsonObject(value)) throw invalid(name, 'an object of topic keys');
  const section: Record<string, readonly string[]> = Object.create(null);
  for (const [key, topics] of Object.entries(value)) {
    if (!Array.isArray(topics) || !topics.every(isTopic)) throw invalid(`${name}, ${key}`, 'a list of topics');
    section[key] = topics;
  }
  return section;
};

/**
 * Checks a whole schema.json.
 *
 * @throws {SchemaError} `malformed` when it is no JSON object, `invalid` naming the section or key.
 * @see Pepeunit, developer documentation, "schema.json"
 * @example
 * import { parseSchema } from 'pepeunit-client/services';
 *
 * const { output_topic: outputs } = parseSchema(await unit.world.storage.readJson('schema.json'));
 * console.log(Object.keys(outputs));
 */
export const parseSchema = (document: unknown): UnitSchema => {
  if (!isJsonObject(document)) {
    throw new SchemaError(
      'malformed',
      'schema.json must be a JSON object. Download the schema from the instance again.',
    );
  }
  const [inputBase, outputBase, input, output] = schemaSections.map((name) => parseSection(name, document[name])) as [
    SchemaSection,
    SchemaSection,
    SchemaSection,
    SchemaSection,
  ];
  return { input_base_topic: inputBase, output_base_topic: outputBase, input_topic: input, output_topic: output };
};

const baseSections = ['input_base_topic', 'output_base_topic'] as const;

/**
 * The base topics that a schema does not list, by key. A unit lists those that it needs.
 *
 * @example
 * import { readSchema, unlistedBaseTopics } from 'pepeunit-client/services';
 *
 * const unlisted = unlistedBaseTopics(await readSchema(unit.world.storage, 'schema.json'));
 * if (unlisted.includes('state/pepeunit')) console.log('This unit reports no state');
 */
export const unlistedBaseTopics = (schema: UnitSchema): string[] =>
  baseSections.flatMap((section) => baseKeys[section].filter((key) => !schema[section][key]?.length));

/**
 * Checks a schema that is about to replace the current one. Besides the checks of {@link parseSchema}, requires that
 * each base topic that it lists is the unit's own.
 *
 * @param unitUuid UUID of the unit that the schema must belong to.
 * @throws {SchemaError} `malformed` when it is no JSON object, `invalid` naming the section or key.
 * @example
 * import { testUuid } from 'pepeunit-client/testing';
 * import { parseNextSchema } from 'pepeunit-client/services';
 *
 * const schema = parseNextSchema(await unit.world.storage.readJson('schema.json'), testUuid);
 */
export const parseNextSchema = (document: unknown, unitUuid: string): UnitSchema => {
  const schema = parseSchema(document);
  for (const section of baseSections) {
    for (const key of baseKeys[section]) {
      const topics = schema[section][key];
      if (topics === undefined) continue;
      if (topics.length !== 1) throw invalid(`${section}, ${key}`, 'a list of one topic');
      const [, inSection, unit] = topics[0]?.split('/') ?? [];
      if (inSection !== section || unit?.toLowerCase() !== unitUuid.toLowerCase()) {
        throw invalid(`${section}, ${key}`, "this unit's own topic");
      }
    }
  }
  return schema;
};

/**
 * Every topic to subscribe to, without duplicates, base topics first.
 *
 * @example
 * import { readSchema, subscribedTopics } from 'pepeunit-client/services';
 *
 * const topics = subscribedTopics(await readSchema(unit.world.storage, 'schema.json'));
 */
export const subscribedTopics = (schema: UnitSchema): string[] => [
  ...new Set([...Object.values(schema.input_base_topic), ...Object.values(schema.input_topic)].flat()),
];

/**
 * Reads and checks schema.json.
 *
 * @throws {SchemaError} `missing`, `malformed`, `invalid`, `io`
 * @example
 * import { readSchema } from 'pepeunit-client/services';
 *
 * const schema = await readSchema(unit.world.storage, 'schema.json');
 */
export const readSchema = async (storage: Storage, path: string): Promise<UnitSchema> =>
  parseSchema(await readDocument(storage, path, 'schema', SchemaError));

/** Holds the current schema for the app's message routes; machines see its topics alone. */
export interface SchemaHolder {
  readonly current: UnitSchema | undefined;
  /** Makes a checked schema the current one. @returns The part for the machines. */
  adopt(schema: UnitSchema): SchemaTopics;
}

/** The machines' view of the schema. */
export interface SchemaTopics {
  /** Topics to subscribe to, without duplicates, base topics first. */
  readonly subscribed: readonly string[];
  /** Whether the unit reports its state: the schema lists `state/pepeunit`. */
  readonly reportsState: boolean;
}

/**
 * Creates an empty schema holder.
 *
 * @example
 * import { readSchema, schemaHolder } from 'pepeunit-client/services';
 *
 * const holder = schemaHolder((schema) => console.log(Object.keys(schema.input_topic)));
 * holder.adopt(await readSchema(unit.world.storage, 'schema.json'));
 */
export const schemaHolder = (onAdopt: (schema: UnitSchema) => void = () => undefined): SchemaHolder => {
  const holder: { -readonly [K in keyof SchemaHolder]: SchemaHolder[K] } = {
    current: undefined,
    adopt: (schema) => {
      holder.current = schema;
      onAdopt(schema);
      return {
        subscribed: subscribedTopics(schema),
        reportsState: !unlistedBaseTopics(schema).includes('state/pepeunit'),
      };
    },
  };
  return holder;
};

/** Where the schema is stored and downloaded from. */
export interface SchemaSources {
  readonly storage: Storage;
  readonly rest: Rest;
  readonly path: string;
  readonly holder: SchemaHolder;
  /** The current env. */
  readonly env: () => Promise<UnitEnv>;
  /** Takes the checked schema of the app that is to replace schema.json, if there is one. */
  readonly take?: () => JsonObject | undefined;
}

/**
 * Downloads the schema, checks all of it, and only then replaces schema.json.
 *
 * @throws {RestError | SchemaError | StorageError} The old file and schema stay in force.
 * @example
 * import { downloadSchema, readEnv } from 'pepeunit-client/services';
 *
 * const { storage, http: rest } = unit.world;
 * const env = () => readEnv(storage, 'env.json');
 * await downloadSchema({ storage, rest, path: 'schema.json', env }, AbortSignal.timeout(30_000));
 */
export const downloadSchema = async (
  { storage, rest, path, env }: Omit<SchemaSources, 'holder' | 'take'>,
  signal: AbortSignal,
): Promise<UnitSchema> => {
  const current = await env();
  const document = await rest.getSchema(targetOf(current), signal);
  const schema = parseNextSchema(document, current.unitUuid);
  signal.throwIfAborted();
  await storage.writeJson(path, document as JsonValue);
  return schema;
};

/**
 * Loads schema.json, for the schema machine's `load`; a schema of the app replaces it before.
 *
 * @example
 * import { schemaMachine } from 'pepeunit-client/machines';
 * import { loadSchema, readEnv, schemaHolder } from 'pepeunit-client/services';
 *
 * const env = () => readEnv(unit.world.storage, 'env.json');
 * const { storage, http: rest } = unit.world;
 * const sources = { storage, rest, path: 'schema.json', holder: schemaHolder(), env };
 * const machine = schemaMachine.provide({ actors: { load: loadSchema(sources) } });
 */
export const loadSchema = (given: Found<SchemaSources>) =>
  fromPromise<SchemaTopics>(async ({ self }) => {
    const { storage, path, holder, take } = find(given, self);
    const schema = take?.();
    if (schema) await storage.writeJson(path, schema);
    return holder.adopt(await readSchema(storage, path));
  });
export type LoadSchema = ReturnType<typeof loadSchema>;

/**
 * Downloads, checks, saves and adopts the schema, for the schema machine's `refresh`.
 *
 * @example
 * import { schemaMachine } from 'pepeunit-client/machines';
 * import { readEnv, refreshSchema, schemaHolder } from 'pepeunit-client/services';
 *
 * const env = () => readEnv(unit.world.storage, 'env.json');
 * const { storage, http: rest } = unit.world;
 * const sources = { storage, rest, path: 'schema.json', holder: schemaHolder(), env };
 * const machine = schemaMachine.provide({ actors: { refresh: refreshSchema(sources) } });
 */
export const refreshSchema = (given: Found<SchemaSources>) =>
  fromPromise<SchemaTopics>(async ({ self, signal }) => {
    const sources = find(given, self);
    return sources.holder.adopt(await downloadSchema(sources, signal));
  });
export type RefreshSchema = ReturnType<typeof refreshSchema>;
