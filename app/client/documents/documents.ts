import { readEnv, downloadEnv, envHolder, type SettingsSources } from '../../../services/settings.ts';
import { downloadSchema, schemaHolder, type SchemaSources } from '../../../services/schema.ts';
import { parseEnv, type UnitEnv } from '../../../services/env.ts';
import { parseSchema, type UnitSchema } from '../../../services/schema.ts';
import type { Adapters } from '../../platform.ts';
import type { ResolvedOptions } from '../options/options.ts';
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
export interface Documents<TEnv extends object> {
  /** The settings; shows those on disk until they are loaded, where the platform can read at once. */
  readonly settings: Settings<TEnv>;
  /** The topics; shows those on disk like the settings. */
  readonly schema: SchemaManager;
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

export const createDocuments = <TEnv extends object>(
  { storage: files, http: rest, keptEnv, firmware, givenRecord: record }: Adapters,
  { envFilePath, schemaFilePath, documents }: ResolvedOptions,
  requests: DocumentRequests,
): Documents<TEnv> => {
  const { readJsonNow, pathOf, stopSignal, warn } = requests;
  const paths = { env: envFilePath, schema: schemaFilePath };
  const given = createGiven({ given: documents, storage: files, rest, record, paths, pathOf, stopSignal, warn });
  const { storage } = given;
  const { settings, adopt: showEnv } = createSettings<TEnv>(requests.loadSettings);
  const { schema, adopt: showSchema } = createSchemaManager(requests.loadSchema);
  const onEnv = (adopted: UnitEnv) => {
    showEnv(adopted);
    requests.onEnv(adopted);
  };
  const settingsSources = { storage, rest, path: envFilePath, holder: envHolder(onEnv), keptEnv, firmware };
  const env = async () => settingsSources.holder.current ?? readEnv(storage, envFilePath);
  const onSchema = (adopted: UnitSchema) => {
    showSchema(adopted);
    requests.onSchema(adopted);
  };
  const schemaSources = { storage, rest, path: schemaFilePath, holder: schemaHolder(onSchema), env };
  const lookAtEnv = createFirstLook(
    () => settingsSources.holder.current !== undefined,
    () => parseEnv(given.now('env') ?? readJsonNow?.(envFilePath)),
    showEnv,
  );
  const lookAtSchema = createFirstLook(
    () => schemaSources.holder.current !== undefined,
    () => parseSchema(given.now('schema') ?? readJsonNow?.(schemaFilePath)),
    (found) => {
      showSchema(found);
      requests.onEarlySchema(found);
    },
  );
  return {
    get settings() {
      lookAtEnv();
      return settings;
    },
    get schema() {
      lookAtSchema();
      return schema;
    },
    settingsSources,
    schemaSources,
    envNow: () => settingsSources.holder.current,
    schemaNow: () => schemaSources.holder.current,
    env,
    saveEnv: async (to) => downloadEnv({ ...settingsSources, before: await env(), to }, stopSignal()),
    saveSchema: (path) => downloadSchema({ ...schemaSources, path }, stopSignal()),
  };
};
