import { readEnv, downloadEnv, envHolder, type SettingsSources } from '../../../services/settings.ts';
import { downloadSchema, schemaHolder, type SchemaSources } from '../../../services/schema.ts';
import { parseEnv, type UnitEnv } from '../../../services/env.ts';
import { parseSchema, type UnitSchema } from '../../../services/schema.ts';
import type { JsonValue } from '../../../services/json.ts';
import type { DocumentName } from '../../../services/given-documents.ts';
import type { Adapters } from '../../platform.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { AppEnvChanges, SchemaChange } from './changes.ts';
import { givenDocuments, type Given } from './given.ts';
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

/** What the app finds at its first look at a document; nothing in one that can't be used: the start tells what is wrong. */
const foundBy = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** env.json and schema.json: their sources, the ones in force, and the objects that show them to the app. */
export class Documents {
  readonly settingsSources: SettingsSources;
  readonly schemaSources: SchemaSources;
  readonly #paths: Readonly<Record<DocumentName, string>>;
  readonly #requests: DocumentRequests;
  readonly #given: Given;
  readonly #settings: ReturnType<typeof createSettings<Record<string, JsonValue>>>;
  readonly #schema: ReturnType<typeof createSchemaManager>;
  /** Documents that the app has yet to look at. */
  readonly #unseen = { env: true, schema: true };

  constructor(
    { storage: files, http: rest, keptEnv, firmware, givenRecord: record }: Adapters,
    { envFilePath, schemaFilePath, documents, ffMqttEnable }: ResolvedOptions,
    requests: DocumentRequests,
  ) {
    const { loadSettings, loadSchema, onEnv, onSchema, pathOf, stopSignal, warn } = requests;
    const env = () => this.env();
    const paths = { env: envFilePath, schema: schemaFilePath };
    this.#paths = paths;
    this.#requests = requests;
    this.#given = givenDocuments({ given: documents, storage: files, rest, record, paths, pathOf, stopSignal, warn });
    const { storage } = this.#given;
    const changes = new AppEnvChanges(env, loadSettings);
    const schemaChange = new SchemaChange(env, loadSchema);
    this.#settings = createSettings(changes);
    this.#schema = createSchemaManager({ load: loadSchema, update: (schema) => schemaChange.update(schema) });
    const holder = envHolder((adopted) => {
      this.#settings.adopt(adopted);
      onEnv(adopted);
    });
    const topics = schemaHolder((adopted) => {
      this.#schema.adopt(adopted);
      onSchema(adopted);
    });
    // Without a link nothing could end the trial of an env.
    const trial = ffMqttEnable ? { keptEnv } : {};
    this.settingsSources = { storage, rest, path: envFilePath, holder, firmware, changes, ...trial };
    const take = () => schemaChange.take();
    this.schemaSources = { storage, rest, path: schemaFilePath, holder: topics, env, take };
  }

  /** The settings; shows those on disk until they are loaded, where the platform can read at once. */
  settings(): Settings {
    if (!this.envNow()) this.#lookAt('env', parseEnv, (found) => this.#settings.adopt(found));
    return this.#settings.settings();
  }

  /** The topics; shows those on disk like the settings. */
  schema(): SchemaManager {
    if (!this.schemaNow())
      this.#lookAt('schema', parseSchema, (found) => {
        this.#schema.adopt(found);
        this.#requests.onEarlySchema(found);
      });
    return this.#schema.schema();
  }

  /** The env in force; `undefined` before it is loaded. */
  envNow(): UnitEnv | undefined {
    return this.settingsSources.holder.current;
  }

  schemaNow(): UnitSchema | undefined {
    return this.schemaSources.holder.current;
  }

  /** Returns the env in force, read from its file if need be. @throws {SettingsError} */
  async env(): Promise<UnitEnv> {
    return this.envNow() ?? readEnv(this.#given.storage, this.#paths.env);
  }

  /** Downloads the env to another path; the one in force stays. */
  async saveEnv(to: string): Promise<unknown> {
    return downloadEnv({ ...this.settingsSources, before: await this.env(), to }, this.#requests.stopSignal());
  }

  saveSchema(path: string): Promise<unknown> {
    return downloadSchema({ ...this.schemaSources, path }, this.#requests.stopSignal());
  }

  /** Shows a document that is not loaded, once. */
  #lookAt<T>(name: DocumentName, parse: (document: unknown) => T, show: (found: T) => void): void {
    if (!this.#unseen[name]) return;
    this.#unseen[name] = false;
    const document = () => this.#given.now(name) ?? this.#requests.readJsonNow?.(this.#paths[name]);
    const found = foundBy(() => parse(document()));
    if (found !== undefined) show(found);
  }
}
