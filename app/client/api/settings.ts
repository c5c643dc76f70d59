import { envDefaults, secretVariables, type ReservedEnv, type UnitEnv } from '../../../services/env.ts';
import type { JsonValue } from '../../../services/json.ts';

/** The unit's settings: each variable of env.json by its name. */
export interface SettingsApi {
  /**
   * UUID of the unit, read from the token; `''` before env.json is loaded.
   *
   * @example
   * console.log(client.settings.unitUuid);
   */
  readonly unitUuid: string;
  /**
   * Loads env.json again, and takes it over.
   *
   * @throws {SettingsError} The file is missing or wrong; the settings in force stay.
   * @example
   * await client.settings.loadFromFile();
   */
  loadFromFile(): Promise<void>;
  /**
   * Any variable of env.json by name, also one that is called like a member of this object.
   *
   * @returns `undefined` when env.json has no such variable.
   * @example
   * const interval = client.settings.get('PU_STATE_SEND_INTERVAL'); // seconds
   */
  get(name: string): JsonValue | undefined;
}

/** The settings of a unit whose own variables are `TEnv`, such as `typeof` its env_example.json. */
export type Settings<TEnv extends object = Record<string, JsonValue>> = SettingsApi &
  ReservedEnv &
  Readonly<Omit<TEnv, keyof ReservedEnv | keyof SettingsApi>>;

const isSecret = (name: string): boolean => (secretVariables as readonly string[]).includes(name);

/** Variables by name on an object without a prototype, so that no name reaches a method; secrets don't show when it is printed. */
const define = (settings: object, variables: object, own: ReadonlySet<string>): void => {
  for (const [name, value] of Object.entries(variables)) {
    if (own.has(name)) continue;
    Object.defineProperty(settings, name, { value, enumerable: !isSecret(name), configurable: true });
  }
};

/** Makes the settings object, and the function that puts another env into it. */
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
