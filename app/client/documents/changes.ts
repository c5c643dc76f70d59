import { createSerialQueue } from '../../../adapters/shared/serialize.ts';
import type { UnitEnv } from '../../../services/env.ts';
import { checkedPatch, patchOf, type EnvChanges, type EnvPatch } from '../../../services/env-changes.ts';
import { SchemaError } from '../../../services/errors.ts';
import type { JsonObject } from '../../../services/json.ts';
import { parseNextSchema } from '../../../services/schema.ts';

/** The app's ways to change its settings; each waits for the one before. */
export interface EnvRequests {
  /** Reads env.json again, without what was changed since. */
  load(): Promise<void>;
  /** Puts changes in force. @throws {SettingsError} */
  update(patch: unknown): Promise<void>;
  /** Writes the changes into env.json. @throws {SettingsError | StorageError} */
  save(): Promise<void>;
}

/**
 * Creates the changes that an app makes to its env, and the requests for them.
 *
 * @param env Returns the env in force.
 * @param load Makes the settings machine load env.json, with the changes.
 */
export const createEnvChanges = (env: () => Promise<UnitEnv>, load: () => Promise<void>) => {
  const inTurn = createSerialQueue();
  const changes: { -readonly [K in keyof EnvChanges]: EnvChanges[K] } = {
    unsaved: {},
    isToBeSaved: false,
    forget: () => {
      changes.unsaved = {};
    },
  };
  /** Loads with other changes; they are not kept if that fails. */
  const loadWith = async (next: EnvPatch) => {
    const before = changes.unsaved;
    changes.unsaved = next;
    try {
      await load();
    } catch (thrown) {
      changes.unsaved = before;
      throw thrown;
    }
  };
  const requests: EnvRequests = {
    load: () => inTurn(() => loadWith({})),
    update: async (given) => {
      const patch = patchOf(given);
      await inTurn(async () => loadWith({ ...changes.unsaved, ...checkedPatch(await env(), patch) }));
    },
    save: () =>
      inTurn(async () => {
        changes.isToBeSaved = true;
        try {
          await load();
        } finally {
          changes.isToBeSaved = false;
        }
      }),
  };
  return { changes, requests };
};

/** Copies a schema. @throws {SchemaError} It is no plain data. */
const copyOf = (schema: unknown): unknown => {
  try {
    return structuredClone(schema);
  } catch (cause) {
    throw new SchemaError('malformed', 'The schema has to be plain data, without functions.', { cause });
  }
};

/**
 * Creates the schema that an app puts in place of schema.json at the next load, and the request for it.
 *
 * @param load Makes the schema machine load schema.json.
 */
export const createSchemaChange = (env: () => Promise<UnitEnv>, load: () => Promise<void>) => {
  const inTurn = createSerialQueue();
  let next: JsonObject | undefined;
  const take = (): JsonObject | undefined => {
    const taken = next;
    next = undefined;
    return taken;
  };
  const update = async (schema: unknown): Promise<void> => {
    const copy = copyOf(schema);
    await inTurn(async () => {
      parseNextSchema(copy, (await env()).unitUuid);
      next = copy as JsonObject;
      await load();
    });
  };
  return { take, update };
};
