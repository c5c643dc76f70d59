import { envDefaults, type ReservedEnv, type UnitEnv } from '../../../services/env.ts';
import { isSecretVariable } from '../../../services/secrets.ts';
import type { JsonValue } from '../../../services/json.ts';

/** Members of the settings beside the variables of env.json. */
export interface SettingsApi {
  /**
   * UUID of the unit, read from the token; `''` before env.json is loaded.
   *
   * @example
   * console.log(client.settings.unitUuid);
   */
  readonly unitUuid: string;
  /**
   * Reads env.json again, and applies it.
   *
   * @throws {SettingsError} The file is missing or invalid; the settings in force stay.
   * @example
   * await client.settings.loadFromFile();
   */
  loadFromFile(): Promise<void>;
  /**
   * Reads a variable of env.json by name, also one with the name of a member of this object.
   *
   * @returns `undefined` when env.json has no such variable.
   * @example
   * const interval = client.settings.get('PU_STATE_SEND_INTERVAL'); // seconds
   */
  get(name: string): JsonValue | undefined;
}

/**
 * The unit's settings: every variable of env.json by its name.
 *
 * @typeParam TEnv The unit's own variables, such as `typeof` its env_example.json.
 */
export type Settings<TEnv extends object = Record<string, JsonValue>> = SettingsApi &
  ReservedEnv &
  Readonly<Omit<TEnv, keyof ReservedEnv | keyof SettingsApi>>;

/** Defines variables on an object without a prototype, so that no name hits a method. Secrets are not enumerable, so that printing does not show them. */
const define = (settings: object, variables: object, own: ReadonlySet<string>): void => {
  for (const [name, value] of Object.entries(variables)) {
    if (own.has(name)) continue;
    Object.defineProperty(settings, name, { value, enumerable: !isSecretVariable(name), configurable: true });
  }
};

/** Creates the settings object, and the function that replaces its env. */
export const createSettings = <TEnv extends object>(
  load: () => Promise<unknown>,
): { settings: Settings<TEnv>; adopt: (env: UnitEnv) => void } => {
  let current: UnitEnv | undefined;
  const settings: object = Object.create(null);
  const members: PropertyDescriptorMap & ThisType<unknown> = {
    unitUuid: { get: () => current?.unitUuid ?? '', enumerable: true },
    loadFromFile: { value: async () => void (await load()) },
    get: { value: (name: string) => current?.given[name] },
  };
  Object.defineProperties(settings, members);
  const own = new Set(Object.keys(members));
  define(settings, envDefaults, own);
  return {
    settings: settings as Settings<TEnv>,
    adopt: (env) => {
      for (const name of Object.keys(current?.given ?? {})) {
        if (!own.has(name) && !(name in env.given)) Reflect.deleteProperty(settings, name);
      }
      current = env;
      define(settings, env.given, own);
    },
  };
};
