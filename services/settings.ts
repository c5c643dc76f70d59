import { fromPromise } from 'xstate';
import { readDocument } from './storage.ts';
import { brokerVariables, connectionVariables, parseEnv, parseNextEnv, type ReservedEnv, type UnitEnv } from './env.ts';
import { withChanges, type EnvChanges } from './env-changes.ts';
import { SettingsError } from './errors.ts';
import type { JsonObject } from './json.ts';
import type { LogLevel } from './log.ts';
import { ofVersionInPlace, replaceEnv, type EnvFiles } from './env-files.ts';
import {
  keepBefore,
  openTrial,
  putBack,
  resumePuttingBack,
  trialOf,
  type EnvInForce,
  type SettingsTrial,
} from './env-trial.ts';
import { differs, type KeptEnv } from './kept-env.ts';
import { find, type Found, type OfUnit } from './finder.ts';
import { targetOf, type Rest } from './rest.ts';
import type { Storage } from './storage.ts';

/** The machines' view of the env: all they need to decide, and no secrets. */
export interface UnitSettings {
  readonly unitUuid: string;
  readonly commitVersion: string;
  /** Interval of the pings to the broker. */
  readonly pingIntervalMs: number;
  readonly stateSendIntervalMs: number;
  readonly minLogLevel: LogLevel;
  readonly maxLogLength: number;
  readonly wifiSsid: string;
  readonly maxReconnectionMs: number;
  /** Grows whenever the broker, the token or the keep-alive changes. */
  readonly linkRevision: number;
  /** Grows whenever the WiFi network or its password changes. */
  readonly wifiRevision: number;
  /** The trial of this env, which has yet to bring the unit online; the one before is kept until then. */
  readonly trial?: SettingsTrial;
  /** The variables in which an env differed that has just been given up for this one. */
  readonly givenUp?: readonly string[];
}

/** Holds the whole env, secrets included, for adapters and the app; machines see {@link UnitSettings} alone. */
export interface EnvHolder extends EnvInForce {
  /** Makes a checked env the current one. @returns The part for the machines. */
  adopt(env: UnitEnv): UnitSettings;
}

const linkVariables = [...brokerVariables, 'PU_MQTT_KEEPALIVE'] as const;
const wifiVariables = ['PUC_WIFI_SSID', 'PUC_WIFI_PASS'] as const;

/**
 * The env's ping interval, capped such that two of them fit into one and a half keep-alives.
 *
 * @example
 * import { envDefaults, pingIntervalOf } from 'pepeunit-client/services';
 *
 * pingIntervalOf({ ...envDefaults, PU_MQTT_PING_INTERVAL: 60, PU_MQTT_KEEPALIVE: 60 }); // 45_000
 */
export const pingIntervalOf = ({ PU_MQTT_PING_INTERVAL, PU_MQTT_KEEPALIVE }: UnitEnv['reserved']): number =>
  PU_MQTT_KEEPALIVE === 0
    ? PU_MQTT_PING_INTERVAL * 1000
    : Math.min(PU_MQTT_PING_INTERVAL * 1000, PU_MQTT_KEEPALIVE * 750);

class Holder implements EnvHolder {
  readonly #onAdopt: (env: UnitEnv) => void;
  #current: UnitEnv | undefined;
  #connectionRevision = 0;
  #linkRevision = 0;
  #wifiRevision = 0;
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(onAdopt: (env: UnitEnv) => void) {
    this.#onAdopt = onAdopt;
  }

  get current(): UnitEnv | undefined {
    return this.#current;
  }

  get connectionRevision(): number {
    return this.#connectionRevision;
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work, work);
    this.#lastTurn = turn;
    return turn;
  }

  adopt(env: UnitEnv): UnitSettings {
    const current = this.#current;
    const isOther = (names: readonly (keyof ReservedEnv)[]) => current === undefined || differs(current, env, names);
    if (isOther(linkVariables)) this.#linkRevision += 1;
    if (isOther(wifiVariables)) this.#wifiRevision += 1;
    if (isOther(connectionVariables)) this.#connectionRevision += 1;
    this.#current = env;
    this.#onAdopt(env);
    const { reserved, unitUuid } = env;
    return {
      unitUuid,
      commitVersion: reserved.PU_COMMIT_VERSION,
      pingIntervalMs: pingIntervalOf(reserved),
      stateSendIntervalMs: reserved.PU_STATE_SEND_INTERVAL * 1000,
      minLogLevel: reserved.PU_MIN_LOG_LEVEL,
      maxLogLength: reserved.PU_MAX_LOG_LENGTH,
      wifiSsid: reserved.PUC_WIFI_SSID,
      maxReconnectionMs: reserved.PUC_MAX_RECONNECTION_INTERVAL,
      linkRevision: this.#linkRevision,
      wifiRevision: this.#wifiRevision,
    };
  }
}

/**
 * Creates an empty env holder.
 *
 * @example
 * import { envHolder, readEnv } from 'pepeunit-client/services';
 *
 * const holder = envHolder();
 * const { linkRevision } = holder.adopt(await readEnv(unit.world.storage, 'env.json')); // 1
 */
export const envHolder = (onAdopt: (env: UnitEnv) => void = () => undefined): EnvHolder => new Holder(onAdopt);

/**
 * Reads and checks env.json.
 *
 * @throws {SettingsError} `missing`, `malformed`, `invalid`, `io`
 * @example
 * import { readEnv } from 'pepeunit-client/services';
 *
 * const { unitUuid } = await readEnv(unit.world.storage, 'env.json');
 */
export const readEnv = async (storage: Storage, path: string): Promise<UnitEnv> =>
  parseEnv(await readDocument(storage, path, 'env', SettingsError));

/** Where the env is stored and downloaded from. */
export interface SettingsSources extends EnvFiles {
  readonly rest: Rest;
  readonly holder: EnvHolder;
  /** What the app has changed; it is in force over env.json. */
  readonly changes?: EnvChanges;
}

/** Reads env.json with the changes of the app, which are written first if they are to be saved. */
const readInForce = async (sources: SettingsSources): Promise<UnitEnv> => {
  const { storage, path, changes } = sources;
  if (!changes || Object.keys(changes.unsaved).length === 0) return readEnv(storage, path);
  const document = await readDocument(storage, path, 'env', SettingsError);
  parseEnv(document);
  const changed = withChanges(document as JsonObject, changes.unsaved);
  const env = parseEnv(changed);
  if (!changes.isToBeSaved) return env;
  const written = await replaceEnv(sources, changed, env);
  changes.forget();
  return parseEnv(written);
};

/** Adds the trial of an env to its part for the machines. @param record The record of it, as it is kept now. */
const withTrial = async (
  sources: SettingsSources,
  settings: UnitSettings,
  record: Awaited<ReturnType<KeptEnv['read']>>,
): Promise<UnitSettings> => {
  const trial = await openTrial(sources, record);
  return trial ? { ...settings, trial: trialOf(sources, trial) } : settings;
};

/**
 * Reads env.json and makes it the current env, with the changes of the app.
 *
 * @example
 * import { envHolder, loadEnv } from 'pepeunit-client/services';
 *
 * const sources = { storage: unit.world.storage, rest: unit.world.http, path: 'env.json', holder: envHolder() };
 * const { commitVersion } = await loadEnv(sources);
 */
export const loadEnv = (sources: SettingsSources): Promise<UnitSettings> =>
  sources.holder.inTurn(async () => {
    const { record, givenUp } = await resumePuttingBack(sources);
    const settings = await withTrial(sources, sources.holder.adopt(await readInForce(sources)), record);
    return givenUp.length > 0 ? { ...settings, givenUp } : settings;
  });

/** Options of a download of the env. */
export interface EnvDownload extends EnvFiles {
  readonly rest: Rest;
  /** The current env: where to ask, and as which unit. */
  readonly before: UnitEnv;
  /** File to save it to. @defaultValue `path` */
  readonly to?: string;
}

/** Downloads the env and checks all of it. */
const fetchEnv = async (rest: Rest, before: UnitEnv, signal: AbortSignal) => {
  const document = await rest.getEnv(targetOf(before), signal);
  const env = parseNextEnv(document, before.unitUuid);
  signal.throwIfAborted();
  return { document: document as JsonObject, env };
};

/**
 * Downloads the env, checks all of it, and only then replaces the file.
 *
 * @throws {RestError | SettingsError | StorageError} The old file stays in place.
 * @example
 * import { downloadEnv, readEnv } from 'pepeunit-client/services';
 *
 * const { storage, http: rest } = unit.world;
 * const before = await readEnv(storage, 'env.json');
 * const env = await downloadEnv({ storage, rest, path: 'env.json', before }, AbortSignal.timeout(30_000));
 */
export const downloadEnv = async (
  { rest, before, to, ...files }: EnvDownload,
  signal: AbortSignal,
): Promise<UnitEnv> => {
  const { document, env } = await fetchEnv(rest, before, signal);
  if (to !== undefined && to !== files.path) {
    await files.storage.writeJson(to, await ofVersionInPlace(files, document, before));
    return env;
  }
  await keepBefore(files, env);
  return parseEnv(await replaceEnv(files, document, before));
};

/**
 * Loads env.json, for the settings machine's `load`.
 *
 * @example
 * import { settingsMachine } from 'pepeunit-client/machines';
 * import { envHolder, loadSettings } from 'pepeunit-client/services';
 *
 * const sources = { storage: unit.world.storage, rest: unit.world.http, path: 'env.json', holder: envHolder() };
 * const machine = settingsMachine.provide({ actors: { load: loadSettings(sources) } });
 */
export const loadSettings = (given: Found<SettingsSources>) =>
  fromPromise<UnitSettings>(({ self }) => loadEnv(find(given, self)));
export type LoadSettings = ReturnType<typeof loadSettings>;

/**
 * Downloads, checks, saves and adopts the env, for the settings machine's `refresh`.
 *
 * @example
 * import { settingsMachine } from 'pepeunit-client/machines';
 * import { envHolder, refreshSettings } from 'pepeunit-client/services';
 *
 * const sources = { storage: unit.world.storage, rest: unit.world.http, path: 'env.json', holder: envHolder() };
 * const machine = settingsMachine.provide({ actors: { refresh: refreshSettings(sources) } });
 */
export const refreshSettings = (given: Found<SettingsSources>) =>
  fromPromise<UnitSettings>(async ({ self, signal }) => {
    const sources = find(given, self);
    const { rest, holder, changes, keptEnv } = sources;
    // While an env is on trial, the instance of the one that worked is asked.
    const findBefore = async () =>
      (await openTrial(sources, await keptEnv?.read()))?.before ??
      holder.current ??
      readEnv(sources.storage, sources.path);
    const before = await holder.inTurn(findBefore);
    const { document, env } = await fetchEnv(rest, before, signal);
    return holder.inTurn(async () => {
      signal.throwIfAborted();
      await keepBefore(sources, env);
      const written = parseEnv(await replaceEnv(sources, document, before));
      // Whoever gave up would not learn of it.
      signal.throwIfAborted();
      changes?.forget();
      return withTrial(sources, holder.adopt(written), await keptEnv?.read());
    });
  });
export type RefreshSettings = ReturnType<typeof refreshSettings>;

/**
 * Puts the env before back, for the settings machine's `restore`.
 *
 * @example
 * import { settingsMachine } from 'pepeunit-client/machines';
 * import { envHolder, restoreEnv } from 'pepeunit-client/services';
 *
 * const sources = { storage: unit.world.storage, rest: unit.world.http, path: 'env.json', holder: envHolder() };
 * const machine = settingsMachine.provide({ actors: { restore: restoreEnv(sources) } });
 */
export const restoreEnv = (given: Found<SettingsSources>) =>
  fromPromise<UnitSettings, OfUnit & { revision: number }>(({ input: { revision }, self }) => {
    const sources = find(given, self);
    return sources.holder.inTurn(async () => {
      const givenUp = await putBack(sources, revision);
      const adopted = sources.holder.adopt(await readInForce(sources));
      const settings = await withTrial(sources, adopted, await sources.keptEnv?.read());
      return givenUp.length > 0 ? { ...settings, givenUp } : settings;
    });
  });
export type RestoreEnv = ReturnType<typeof restoreEnv>;
