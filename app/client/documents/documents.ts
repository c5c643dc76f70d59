import { readEnv, downloadEnv, envHolder, type SettingsSources } from '../../../services/settings.ts';
import { downloadSchema, schemaHolder, type SchemaSources } from '../../../services/schema.ts';
import { parseEnv, type UnitEnv } from '../../../services/env.ts';
import { parseSchema, type UnitSchema } from '../../../services/schema.ts';
import type { DocumentName } from '../../../services/given-documents.ts';
import type { Adapters } from '../../platform.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { createEnvChanges, createSchemaChange } from './changes.ts';
import { createGiven } from './given.ts';
import { createSchemaManager, type SchemaManager } from '../api/schema.ts';
import { createSettings, type Settings } from '../api/settings.ts';

/** Requests and callbacks of the documents to their unit. */
export interface DocumentRequests {
  readonly loadSettings: () => Promise<void>;
  readonly loadSchema: () => Promise<void>;
  /** Signal that aborts downloads to another path when the unit stops. */
  readonly stopSignal: () => AbortSignal;
  readonly onEnv: (env: UnitEnv) => void;
  readonly onSchema: (schema: UnitSchema) => void;
  /** A schema that the app reads before the unit has loaded it. */
  readonly onEarlySchema: (schema: UnitSchema) => void;
  /** Reads a JSON file at once, for the app's first look; absent where that can't be done. @throws {Error} */
  readonly readJsonNow: ((path: string) => unknown) | undefined;
  /** The path in a `file:` address; absent where there are no files. @throws {Error} */
  readonly pathOf: ((url: URL) => string) | undefined;
  readonly warn: (message: string) => void;
}

/** Creates the app's first look at a document: reads it once, unless it is loaded. A file that can't be used shows nothing. */
const createFirstLook = <T>(isLoaded: () => boolean, read: () => T, show: (found: T) => void) => {
  let isDue = true;
  return () => {
    if (!isDue || isLoaded()) return;
    isDue = false;
    let found: T;
    try {
      found = read();
    } catch {
      // The start tells what is wrong with it.
      return;
    }
    show(found);
  };
};

/** env.json and schema.json: their sources, the ones in force, and the objects that show them to the app. */
export interface Documents {
  /** The settings; shows those on disk until they are loaded, where the platform can read at once. */
  readonly settings: () => Settings;
  /** The topics; shows those on disk like the settings. */
  readonly schema: () => SchemaManager;
  readonly settingsSources: SettingsSources;
  readonly schemaSources: SchemaSources;
  /** The env in force; `undefined` before it is loaded. */
  readonly envNow: () => UnitEnv | undefined;
  readonly schemaNow: () => UnitSchema | undefined;
  /** Returns the env in force, read from its file if need be. @throws {SettingsError} */
  readonly env: () => Promise<UnitEnv>;
  /** Downloads the env to another path; the one in force stays. */
  readonly saveEnv: (path: string) => Promise<unknown>;
  readonly saveSchema: (path: string) => Promise<unknown>;
}

const both =
  <T>(one: (found: T) => void, other: (found: T) => void) =>
  (found: T): void => {
    one(found);
    other(found);
  };

export const createDocuments = (
  { storage: files, http: rest, keptEnv, firmware, givenRecord: record }: Adapters,
  { envFilePath, schemaFilePath, documents, ffMqttEnable }: ResolvedOptions,
  requests: DocumentRequests,
): Documents => {
  const { readJsonNow, pathOf, stopSignal, warn } = requests;
  const paths = { env: envFilePath, schema: schemaFilePath };
  const given = createGiven({ given: documents, storage: files, rest, record, paths, pathOf, stopSignal, warn });
  const { storage } = given;
  const env = async () => holder.current ?? readEnv(storage, envFilePath);
  const { changes, requests: envRequests } = createEnvChanges(env, requests.loadSettings);
  const { take, update } = createSchemaChange(env, requests.loadSchema);
  const { settings, adopt: showEnv } = createSettings(envRequests);
  const { schema, adopt: showSchema } = createSchemaManager({ load: requests.loadSchema, update });
  const holder = envHolder(both(showEnv, requests.onEnv));
  // Without a link nothing could end the trial of an env.
  const trial = ffMqttEnable ? { keptEnv } : {};
  const settingsSources = { storage, rest, path: envFilePath, holder, firmware, changes, ...trial };
  const topics = schemaHolder(both(showSchema, requests.onSchema));
  const schemaSources = { storage, rest, path: schemaFilePath, holder: topics, env, take };
  const look = (name: DocumentName): unknown => given.now(name) ?? readJsonNow?.(paths[name]);
  const lookAtEnv = createFirstLook(
    () => holder.current !== undefined,
    () => parseEnv(look('env')),
    showEnv,
  );
  const lookAtSchema = createFirstLook(
    () => topics.current !== undefined,
    () => parseSchema(look('schema')),
    both(showSchema, requests.onEarlySchema),
  );
  return {
    settings: () => {
      lookAtEnv();
      return settings();
    },
    schema: () => {
      lookAtSchema();
      return schema;
    },
    settingsSources,
    schemaSources,
    envNow: () => holder.current,
    schemaNow: () => topics.current,
    env,
    saveEnv: async (to) => downloadEnv({ ...settingsSources, before: await env(), to }, stopSignal()),
    saveSchema: (path) => downloadSchema({ ...schemaSources, path }, stopSignal()),
  };
};
