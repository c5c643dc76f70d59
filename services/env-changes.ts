import { checkVariable, connectionVariables, type UnitEnv } from './env.ts';
import { SettingsError } from './errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/** Variables to change, by name; `undefined` removes one. */
export type EnvPatch = Readonly<Record<string, JsonValue | undefined>>;

/** What an app has changed in the env in force. */
export interface EnvChanges {
  /** Changes that env.json does not have. */
  readonly unsaved: EnvPatch;
  /** Whether the next load writes them into env.json. */
  readonly isToBeSaved: boolean;
  /** Drops them: they are saved, or the instance has sent a newer env. */
  forget(): void;
}

/** Variables that an app can't change: the way to the instance, the unit's identity, and the version of the program. */
const fixed: ReadonlySet<string> = new Set([...connectionVariables, 'PU_COMMIT_VERSION']);

const refused = (why: string) => new SettingsError('invalid', `The settings were not changed: ${why}`);

const isJson = (value: unknown): value is JsonValue => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value !== 'object') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  return Object.prototype.toString.call(value) === '[object Object]' && Object.values(value).every(isJson);
};

/**
 * Copies a change of the env by the app.
 *
 * @throws {SettingsError} `invalid`: it is no object of what JSON can carry.
 * @example
 * import { patchOf } from 'pepeunit-client/services';
 *
 * const patch = patchOf({ DELAY: 5 });
 */
export const patchOf = (given: unknown): EnvPatch => {
  try {
    const isFit = (value: unknown) => value === undefined || isJson(value);
    if (isJsonObject(given) && Object.values(given).every(isFit)) return structuredClone(given);
  } catch {
    // It holds itself, or is nested too deeply.
  }
  throw refused('a change has to be an object of JSON values.');
};

/**
 * Checks a change of the env in force.
 *
 * @returns Those variables that it changes.
 * @throws {SettingsError} `invalid` naming the variable that can't be used so, or that would cut the unit off.
 * @example
 * import { checkedPatch, readEnv } from 'pepeunit-client/services';
 *
 * const patch = checkedPatch(await readEnv(unit.world.storage, 'env.json'), { PU_STATE_SEND_INTERVAL: 60 });
 */
export const checkedPatch = ({ given }: UnitEnv, patch: EnvPatch): EnvPatch => {
  const changes: Record<string, JsonValue | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(patch)) {
    const isSame = JSON.stringify(given[name]) === JSON.stringify(value);
    if (fixed.has(name) && !isSame) {
      throw refused(`${name} belongs to the way to the instance, or to an update. Change it in the unit's env there.`);
    }
    if (value !== undefined && value !== null) checkVariable(name, value);
    if (!isSame) changes[name] = value;
  }
  return changes;
};

/**
 * An env with changes in place.
 *
 * @example
 * import { withChanges } from 'pepeunit-client/services';
 *
 * withChanges({ DELAY: 1, OLD: 2 }, { DELAY: 3, OLD: undefined }); // { DELAY: 3 }
 */
export const withChanges = (env: JsonObject, changes: EnvPatch): JsonObject =>
  Object.fromEntries(
    Object.entries({ ...env, ...changes }).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  );
