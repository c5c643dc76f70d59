import { SerialQueue } from '../../../adapters/shared/serialize.ts';
import type { UnitEnv } from '../../../services/env.ts';
import { checkedPatch, patchOf, type EnvChanges, type EnvPatch } from '../../../services/env-changes.ts';
import { SchemaError } from '../../../services/errors.ts';
import type { JsonObject } from '../../../services/json.ts';
import { parseNextSchema } from '../../../services/schema.ts';

/** The changes that an app makes to its env, and its ways to make them; each waits for the one before. */
export class AppEnvChanges implements EnvChanges {
  readonly #turns = new SerialQueue();
  readonly #env: () => Promise<UnitEnv>;
  readonly #load: () => Promise<void>;
  #unsaved: EnvPatch = {};
  #isToBeSaved = false;

  /**
   * @param env Returns the env in force.
   * @param load Makes the settings machine load env.json, with the changes.
   */
  constructor(env: () => Promise<UnitEnv>, load: () => Promise<void>) {
    this.#env = env;
    this.#load = load;
  }

  get unsaved(): EnvPatch {
    return this.#unsaved;
  }

  get isToBeSaved(): boolean {
    return this.#isToBeSaved;
  }

  forget(): void {
    this.#unsaved = {};
  }

  /** Reads env.json again, without what was changed since. */
  load(): Promise<void> {
    return this.#turns.run(() => this.#loadWith({}));
  }

  /** Puts changes in force. @throws {SettingsError} */
  async update(given: unknown): Promise<void> {
    const patch = patchOf(given);
    await this.#turns.run(async () => {
      const checked = checkedPatch(await this.#env(), patch);
      await this.#loadWith({ ...this.#unsaved, ...checked });
    });
  }

  /** Writes the changes into env.json. @throws {SettingsError | StorageError} */
  save(): Promise<void> {
    return this.#turns.run(async () => {
      this.#isToBeSaved = true;
      try {
        await this.#load();
      } finally {
        this.#isToBeSaved = false;
      }
    });
  }

  /** Loads with other changes; they are not kept if that fails. */
  async #loadWith(next: EnvPatch): Promise<void> {
    const before = this.#unsaved;
    this.#unsaved = next;
    try {
      await this.#load();
    } catch (thrown) {
      this.#unsaved = before;
      throw thrown;
    }
  }
}

/** Copies a schema. @throws {SchemaError} It is no plain data. */
const copyOf = (schema: unknown): unknown => {
  try {
    return structuredClone(schema);
  } catch (cause) {
    throw new SchemaError('malformed', 'The schema has to be plain data, without functions.', { cause });
  }
};

/** The schema that an app puts in place of schema.json at the next load. */
export class SchemaChange {
  readonly #turns = new SerialQueue();
  readonly #env: () => Promise<UnitEnv>;
  readonly #load: () => Promise<void>;
  #next: JsonObject | undefined;

  /** @param load Makes the schema machine load schema.json. */
  constructor(env: () => Promise<UnitEnv>, load: () => Promise<void>) {
    this.#env = env;
    this.#load = load;
  }

  /** Hands the schema over, once. */
  take(): JsonObject | undefined {
    const taken = this.#next;
    this.#next = undefined;
    return taken;
  }

  /** Puts a schema in place. @throws {SchemaError | SettingsError | StorageError} */
  async update(schema: unknown): Promise<void> {
    const copy = copyOf(schema);
    await this.#turns.run(async () => {
      parseNextSchema(copy, (await this.#env()).unitUuid);
      this.#next = copy as JsonObject;
      await this.#load();
    });
  }
}
