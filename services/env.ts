import { SettingsError } from './errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { LogLevel } from './log.ts';
import { hideSecretsOf, olderWifiPass } from './secrets.ts';

/** The protocol's reserved variables of env.json, coerced and complete. */
export interface ReservedEnv {
  /** Host of the backend, optionally with `:port`. */
  readonly PU_DOMAIN: string;
  /** Scheme of the instance's REST API. */
  readonly PU_HTTP_TYPE: 'http' | 'https';
  /** First segment of the REST API's path, such as `/pepeunit`. */
  readonly PU_APP_PREFIX: string;
  /** Second segment of the REST API's path, such as `/api/v1`. */
  readonly PU_API_ACTUAL_PREFIX: string;
  /** Host of the MQTT broker. */
  readonly PU_MQTT_HOST: string;
  /** Port of the MQTT broker; 8883 is that of TLS. */
  readonly PU_MQTT_PORT: number;
  /** Seconds. A link that receives nothing for twice this time is dead. */
  readonly PU_MQTT_PING_INTERVAL: number;
  /** Seconds. */
  readonly PU_MQTT_KEEPALIVE: number;
  /** The unit's permanent token, an HS256 JWT. */
  readonly PU_AUTH_TOKEN: string;
  /** Base64 of 32 bytes. */
  readonly PU_SECRET_KEY: string;
  /** Base64 of 32 bytes. */
  readonly PU_ENCRYPT_KEY: string;
  /** Seconds. */
  readonly PU_STATE_SEND_INTERVAL: number;
  /** Lowest level of the entries that are logged. */
  readonly PU_MIN_LOG_LEVEL: LogLevel;
  /** Lines. */
  readonly PU_MAX_LOG_LENGTH: number;
  /** Commit of the version that runs. */
  readonly PU_COMMIT_VERSION: string;
  /** Name of the WiFi network to join. */
  readonly PUC_WIFI_SSID: string;
  /** Password of the WiFi network. */
  readonly PUC_WIFI_PASS: string;
  /** Milliseconds. */
  readonly PUC_MAX_RECONNECTION_INTERVAL: number;
}

/** Values of the reserved variables that env.json leaves out. */
export const envDefaults: ReservedEnv = {
  PU_DOMAIN: '',
  PU_HTTP_TYPE: 'https',
  PU_APP_PREFIX: '',
  PU_API_ACTUAL_PREFIX: '',
  PU_MQTT_HOST: '',
  PU_MQTT_PORT: 1883,
  PU_MQTT_PING_INTERVAL: 20,
  PU_MQTT_KEEPALIVE: 60,
  PU_AUTH_TOKEN: '',
  PU_SECRET_KEY: '',
  PU_ENCRYPT_KEY: '',
  PU_STATE_SEND_INTERVAL: 300,
  PU_MIN_LOG_LEVEL: LogLevel.Debug,
  PU_MAX_LOG_LENGTH: 64,
  PU_COMMIT_VERSION: '',
  PUC_WIFI_SSID: '',
  PUC_WIFI_PASS: '',
  PUC_MAX_RECONNECTION_INTERVAL: 60_000,
};

/** Names that earlier clients gave to variables. */
const olderNames: { readonly [K in keyof ReservedEnv]?: string } = {
  PU_MIN_LOG_LEVEL: 'MINIMAL_LOG_LEVEL',
  PUC_WIFI_SSID: 'WIFI_SSID',
  PUC_WIFI_PASS: olderWifiPass,
};

/** A whole env.json: the reserved variables and the developer's own. */
export interface UnitEnv {
  readonly reserved: ReservedEnv;
  /** Names of variables whose values can't be used, so that their defaults are in force. */
  readonly defaulted: readonly (keyof ReservedEnv)[];
  /** Names of variables that were read by their names of earlier clients. */
  readonly renamed: readonly (keyof ReservedEnv)[];
  /** Every variable as given, reserved ones included, on an object without a prototype. */
  readonly given: Readonly<Record<string, JsonValue>>;
  /** Read from the token, unverified. */
  readonly unitUuid: string;
}

const levels = Object.values(LogLevel);
const schemes = ['http', 'https'] as const;

const invalid = (name: string, wanted: string) =>
  new SettingsError('invalid', `env.json: ${name} must be ${wanted}. Correct it in the unit's env.`);

const text = (name: string, value: JsonValue): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalid(name, 'a text');
};

const integer = (name: string, value: JsonValue, min: number, max: number): number => {
  const wanted = `a whole number from ${min} to ${max}`;
  if (typeof value !== 'number' && typeof value !== 'string') throw invalid(name, wanted);
  if (typeof value === 'string' && value.trim() === '') throw invalid(name, wanted);
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) throw invalid(name, wanted);
  return number;
};

const oneOf = <T extends string>(name: string, value: JsonValue, options: readonly T[]): T => {
  const given = text(name, value).trim().toLowerCase();
  const found = options.find((option) => option.toLowerCase() === given);
  if (found === undefined) throw invalid(name, `one of ${options.join(', ')}`);
  return found;
};

const day = 86_400;

const readers: { [K in keyof ReservedEnv]: (name: string, value: JsonValue) => ReservedEnv[K] } = {
  PU_DOMAIN: text,
  PU_HTTP_TYPE: (name, value) => oneOf(name, value, schemes),
  PU_APP_PREFIX: text,
  PU_API_ACTUAL_PREFIX: text,
  PU_MQTT_HOST: text,
  PU_MQTT_PORT: (name, value) => integer(name, value, 1, 65_535),
  PU_MQTT_PING_INTERVAL: (name, value) => integer(name, value, 1, day),
  PU_MQTT_KEEPALIVE: (name, value) => integer(name, value, 0, 65_535),
  PU_AUTH_TOKEN: text,
  PU_SECRET_KEY: text,
  PU_ENCRYPT_KEY: text,
  PU_STATE_SEND_INTERVAL: (name, value) => integer(name, value, 1, 30 * day),
  PU_MIN_LOG_LEVEL: (name, value) => oneOf(name, value, levels),
  PU_MAX_LOG_LENGTH: (name, value) => integer(name, value, 0, 1_000_000),
  PU_COMMIT_VERSION: text,
  PUC_WIFI_SSID: text,
  PUC_WIFI_PASS: text,
  PUC_MAX_RECONNECTION_INTERVAL: (name, value) => integer(name, value, 1, day * 1000),
};

const reservedNames = Object.keys(readers) as (keyof ReservedEnv)[];

/**
 * Checks a value for a variable; the developer's own take any.
 *
 * @throws {SettingsError} `invalid`, with the accepted values.
 * @example
 * import { checkVariable } from 'pepeunit-client/services';
 *
 * checkVariable('PU_STATE_SEND_INTERVAL', 60);
 */
export const checkVariable = (name: string, value: JsonValue): void => {
  if (Object.hasOwn(readers, name)) readers[name as keyof ReservedEnv](name, value);
};

/**
 * Variables of the address of the instance's REST API.
 *
 * @example
 * import { instanceVariables, readEnv } from 'pepeunit-client/services';
 *
 * const { reserved } = await readEnv(unit.world.storage, 'env.json');
 * const address = instanceVariables.map((name) => reserved[name]);
 */
export const instanceVariables = [
  'PU_DOMAIN',
  'PU_HTTP_TYPE',
  'PU_APP_PREFIX',
  'PU_API_ACTUAL_PREFIX',
] as const satisfies readonly (keyof ReservedEnv)[];

/**
 * Variables that decide which broker the unit connects to, and as whom.
 *
 * @example
 * import { brokerVariables, readEnv } from 'pepeunit-client/services';
 *
 * const { reserved } = await readEnv(unit.world.storage, 'env.json');
 * const isComplete = brokerVariables.every((name) => reserved[name] !== '');
 */
export const brokerVariables = [
  'PU_MQTT_HOST',
  'PU_MQTT_PORT',
  'PU_AUTH_TOKEN',
] as const satisfies readonly (keyof ReservedEnv)[];

/**
 * Variables that decide where the unit connects, and as whom.
 *
 * @example
 * import { connectionVariables, readEnv } from 'pepeunit-client/services';
 *
 * const { reserved } = await readEnv(unit.world.storage, 'env.json');
 * const isComplete = connectionVariables.every((name) => reserved[name] !== '');
 */
export const connectionVariables = [...instanceVariables, ...brokerVariables] as const;

/** Variables without which the unit can't reach its network, broker or instance; no default may stand in for them. */
const vital: ReadonlySet<keyof ReservedEnv> = new Set([...connectionVariables, 'PUC_WIFI_SSID', 'PUC_WIFI_PASS']);

const isGiven = (env: JsonObject, name: string): boolean =>
  Object.hasOwn(env, name) && env[name] !== undefined && env[name] !== null;

const readValue = (name: keyof ReservedEnv, value: JsonValue): ReservedEnv[keyof ReservedEnv] | undefined => {
  try {
    return readers[name](name, value);
  } catch (thrown) {
    if (vital.has(name)) throw thrown;
    return undefined;
  }
};

const readReserved = (env: JsonObject): Pick<UnitEnv, 'reserved' | 'defaulted' | 'renamed'> => {
  const reserved: Record<string, unknown> = { ...envDefaults };
  const defaulted: (keyof ReservedEnv)[] = [];
  const renamed: (keyof ReservedEnv)[] = [];
  for (const name of reservedNames) {
    const older = olderNames[name];
    const from = !isGiven(env, name) && older !== undefined && isGiven(env, older) ? older : name;
    if (!isGiven(env, from)) continue;
    if (from !== name) renamed.push(name);
    const value = readValue(name, env[from] ?? null);
    if (value === undefined) defaulted.push(name);
    else reserved[name] = value;
  }
  return { reserved: reserved as unknown as ReservedEnv, defaulted, renamed };
};

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The token's claims, or `undefined` if unreadable: a parser's own error would quote the token. */
const claimsOf = (token: string): unknown => {
  const body = token.split('.')[1] ?? '';
  try {
    const bytes = Uint8Array.from(atob(body.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
};

/**
 * Reads the unit's UUID from its token.
 *
 * @throws {SettingsError} `invalid`; the message never shows the token.
 * @example
 * import { readEnv, unitUuidOf } from 'pepeunit-client/services';
 *
 * const { reserved } = await readEnv(unit.world.storage, 'env.json');
 * const uuid = unitUuidOf(reserved.PU_AUTH_TOKEN);
 */
export const unitUuidOf = (token: string): string => {
  if (token === '') {
    throw new SettingsError('invalid', 'env.json: PU_AUTH_TOKEN is missing. Download the env from the instance.');
  }
  const claims = claimsOf(token);
  const uuid = isJsonObject(claims) ? claims['uuid'] : undefined;
  if (typeof uuid !== 'string' || !uuidPattern.test(uuid)) {
    throw new SettingsError(
      'invalid',
      'env.json: PU_AUTH_TOKEN must be the JWT of a unit, with its UUID. Download the env from the instance again.',
    );
  }
  return uuid;
};

/**
 * Checks a whole env.json, coercing what users type into forms. A variable that can't be used and is not needed to
 * reach the instance takes its default; `defaulted` names it. From then on this process shows its secrets nowhere.
 *
 * @throws {SettingsError} `malformed` when it is no JSON object, `invalid` naming the variable that cuts the unit off.
 * @see Pepeunit, developer documentation, "env.json"
 * @example
 * import { parseEnv } from 'pepeunit-client/services';
 *
 * const { reserved, unitUuid } = parseEnv(await unit.world.storage.readJson('env.json'));
 * console.log(`${unitUuid} talks to ${reserved.PU_MQTT_HOST}`);
 */
export const parseEnv = (document: unknown): UnitEnv => {
  hideSecretsOf(document);
  if (!isJsonObject(document)) {
    throw new SettingsError('malformed', 'env.json must be a JSON object. Download the env from the instance again.');
  }
  const { reserved, ...names } = readReserved(document);
  if (reserved.PU_MQTT_HOST === '') {
    throw new SettingsError('invalid', "env.json: PU_MQTT_HOST is missing. Set it to the broker's host.");
  }
  const given: Record<string, JsonValue> = Object.assign(Object.create(null), document, reserved);
  return { reserved, ...names, given, unitUuid: unitUuidOf(reserved.PU_AUTH_TOKEN) };
};

/** A host as written in a URL: IPv6 in brackets. */
const bracketed = (host: string): string => (/^[^[]*:.*:/.test(host) ? `[${host}]` : host);

/** Whether a text is a host, optionally with a port. */
const isHostAndPort = (given: string): boolean =>
  !/[/?#@\\\s]/.test(given) && URL.canParse(`http://${bracketed(given)}`);

/** Whether a text is a host without a port. */
const isHost = (given: string): boolean =>
  isHostAndPort(given) &&
  !bracketed(given)
    .replace(/^\[.*\]/, '')
    .includes(':');

/**
 * Checks an env that is about to replace the current one. Besides the checks of {@link parseEnv}, refuses an env that
 * would cut the unit off from its instance.
 *
 * @param unitUuid UUID of the unit that the env must belong to.
 * @throws {SettingsError} `malformed` when it is no JSON object, `invalid` naming the variable.
 * @example
 * import { parseNextEnv, readEnv, targetOf } from 'pepeunit-client/services';
 *
 * const before = await readEnv(unit.world.storage, 'env.json');
 * const next = parseNextEnv(await unit.world.http.getEnv(targetOf(before)), before.unitUuid);
 */
export const parseNextEnv = (document: unknown, unitUuid: string): UnitEnv => {
  const env = parseEnv(document);
  const { PU_DOMAIN: domain, PU_MQTT_HOST: broker } = env.reserved;
  if (env.unitUuid.toLowerCase() !== unitUuid.toLowerCase()) {
    throw new SettingsError(
      'invalid',
      "env.json: PU_AUTH_TOKEN belongs to another unit. Ask the instance for this unit's env again.",
    );
  }
  if (domain === '') {
    throw new SettingsError('invalid', "env.json: PU_DOMAIN is missing. Set it to the instance's host.");
  }
  if (!isHostAndPort(domain)) throw invalid('PU_DOMAIN', 'a host, with a port at the most');
  if (!isHost(broker)) throw invalid('PU_MQTT_HOST', 'a host alone');
  return env;
};
