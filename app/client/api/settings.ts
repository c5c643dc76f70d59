import { envDefaults, type ReservedEnv, type UnitEnv } from '../../../services/env.ts';
import { isSecretVariable } from '../../../services/secrets.ts';
import type { JsonValue } from '../../../services/json.ts';

/**
 * Changes of variables, by name; `undefined` removes one of your own, and sets a reserved one to its default.
 *
 * @typeParam TEnv The unit's own variables.
 */
export type SettingsPatch<TEnv extends object = Record<string, JsonValue>> = {
  readonly [K in keyof (ReservedEnv & TEnv)]?: (ReservedEnv & TEnv)[K] | undefined;
};

/** Members of the settings beside the variables of env.json. */
export interface SettingsApi<TEnv extends object = Record<string, JsonValue>> {
  /**
   * UUID of the unit, read from the token; `''` before env.json is loaded.
   *
   * @example
   * console.log(client.settings.unitUuid);
   */
  readonly unitUuid: string;
  /**
   * Reads env.json again, and applies it. Changes that were not saved end.
   *
   * @throws {SettingsError} The file is missing or invalid; the settings in force stay.
   * @example
   * await client.settings.loadFromFile();
   */
  loadFromFile(): Promise<void>;
  /**
   * Changes variables, checked together and in force at once: a new PU_MQTT_PING_INTERVAL counts on the link that is there,
   * and a new PU_MQTT_KEEPALIVE replaces the link. The changes end with the program, and when the instance sends an env or
   * {@link SettingsApi.loadFromFile} is called; {@link SettingsApi.save} keeps them.
   *
   * @throws {SettingsError} `invalid`: a value can't be used, or the variable is one that could cut the unit off or that an
   * update sets (PU_DOMAIN, PU_HTTP_TYPE, PU_APP_PREFIX, PU_API_ACTUAL_PREFIX, PU_MQTT_HOST, PU_MQTT_PORT, PU_AUTH_TOKEN,
   * PU_COMMIT_VERSION); also when env.json can't be read. Nothing has changed then.
   * @example
   * await client.settings.update({ PU_STATE_SEND_INTERVAL: 60, DELAY: 5 });
   */
  update(patch: SettingsPatch<TEnv>): Promise<void>;
  /**
   * Writes what {@link SettingsApi.update} changed into env.json, which is replaced as a whole; the rest of it stays.
   *
   * @throws {SettingsError | StorageError} env.json can't be read or written, and is as before; the changes stay in force.
   * @example
   * await client.settings.update({ DELAY: 5 });
   * await client.settings.save();
   */
  save(): Promise<void>;
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
export type Settings<TEnv extends object = Record<string, JsonValue>> = SettingsApi<TEnv> &
  ReservedEnv &
  Readonly<Omit<TEnv, keyof ReservedEnv | keyof SettingsApi>>;

/** Defines variables on an object without a prototype, so that no name hits a method. Secrets are not enumerable, so that printing does not show them. */
const define = (settings: object, variables: object, own: ReadonlySet<string>): void => {
  for (const [name, value] of Object.entries(variables)) {
    if (own.has(name)) continue;
    Object.defineProperty(settings, name, { value, enumerable: !isSecretVariable(name), configurable: true });
  }
};

export interface SettingsRequests {
  load(): Promise<void>;
  update(patch: unknown): Promise<void>;
  save(): Promise<void>;
}

/** Creates the settings object. @returns The object too, and the function that replaces its env. */
const createSettingsObject = <TEnv extends object>(requests: SettingsRequests, first?: UnitEnv) => {
  let current: UnitEnv | undefined;
  const settings: object = Object.create(null);
  const members: PropertyDescriptorMap & ThisType<unknown> = {
    unitUuid: { get: () => current?.unitUuid ?? '', enumerable: true },
    loadFromFile: { value: () => requests.load() },
    update: { value: (patch: unknown) => requests.update(patch) },
    save: { value: () => requests.save() },
    get: { value: (name: string) => current?.given[name] },
  };
  Object.defineProperties(settings, members);
  const own = new Set(Object.keys(members));
  define(settings, envDefaults, own);
  const adopt = (env: UnitEnv) => {
    for (const name of Object.keys(current?.given ?? {})) {
      if (!own.has(name) && !(name in env.given)) Reflect.deleteProperty(settings, name);
    }
    current = env;
    define(settings, env.given, own);
  };
  if (first) adopt(first);
  return { settings: settings as Settings<TEnv>, adopt };
};

/** Creates the settings: their object is made when the app first asks for it. */
export const createSettings = <TEnv extends object = Record<string, JsonValue>>(
  requests: SettingsRequests,
): { settings: () => Settings<TEnv>; adopt: (env: UnitEnv) => void } => {
  let made: ReturnType<typeof createSettingsObject<TEnv>> | undefined;
  let current: UnitEnv | undefined;
  return {
    settings: () => (made ??= createSettingsObject<TEnv>(requests, current)).settings,
    adopt: (env) => {
      current = env;
      made?.adopt(env);
    },
  };
};
