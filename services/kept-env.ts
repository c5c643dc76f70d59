import { connectionVariables, parseEnv, type ReservedEnv, type UnitEnv } from './env.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import type { Storage } from './storage.ts';

type Connection = Readonly<Record<string, JsonValue>>;

/** An env on trial: the one before is kept until the new one has brought the unit online, or is put back. */
export interface EnvTrial {
  readonly phase: 'trial' | 'restoring';
  /** The env.json before. */
  readonly previous: JsonObject;
  /** The connection that the new env asks for. */
  readonly tried: Connection;
  /** How many parts of its time it has begun, each noted ahead: it goes on after a restart of the program. */
  readonly spent: number;
  /** The trial of the env that the new one replaces: it goes on if the new one never comes into place. */
  readonly replaced?: { readonly tried: Connection; readonly spent: number };
}

/** An env that was given up; its connection is not tried again. */
export interface FailedEnv {
  readonly phase: 'failed';
  readonly tried: Connection;
}

/** Keeps the record of the env on trial, secrets included. */
export interface KeptEnv {
  /** The record; `undefined` if there is none or it is damaged. Never rejects. */
  read(): Promise<EnvTrial | FailedEnv | undefined>;
  /** Replaces the record. @throws {StorageError} */
  write(record: EnvTrial | FailedEnv): Promise<void>;
  /** Removes the record. @throws {StorageError} */
  remove(): Promise<void>;
}

/** Whether two envs differ in one of these variables. */
export const differs = (one: UnitEnv, other: UnitEnv, names: readonly (keyof ReservedEnv)[]): boolean =>
  names.some((name) => one.reserved[name] !== other.reserved[name]);

/** The connection of an env. */
export const connectionOf = (env: ReservedEnv): Connection =>
  Object.fromEntries(connectionVariables.map((name) => [name, env[name]]));

/** Names of the variables in which two connections differ; never their values, of which one is a secret. */
export const differenceOf = (one: Connection, other: Connection): string[] =>
  connectionVariables.filter((name) => one[name] !== other[name]);

/** Whether two connections are the same. */
export const isSameConnection = (one: Connection, other: Connection): boolean => differenceOf(one, other).length === 0;

const isEnv = (document: JsonValue | undefined): document is JsonObject => {
  try {
    parseEnv(document);
    return true;
  } catch {
    // An env that can't be used is none to go back to.
    return false;
  }
};

const isCount = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** How far a stored trial is. */
const progressIn = ({ tried, spent }: JsonObject): Pick<EnvTrial, 'tried' | 'spent'> | undefined =>
  isJsonObject(tried) ? { tried, spent: isCount(spent) ? spent : 0 } : undefined;

const recordIn = (document: JsonValue | undefined): EnvTrial | FailedEnv | undefined => {
  if (!isJsonObject(document) || document['format'] !== 1) return undefined;
  const { phase, previous, replaced } = document;
  const progress = progressIn(document);
  if (!progress) return undefined;
  if (phase === 'failed') return { phase, tried: progress.tried };
  if ((phase !== 'trial' && phase !== 'restoring') || !isEnv(previous)) return undefined;
  const before = isJsonObject(replaced) ? progressIn(replaced) : undefined;
  return { phase, previous, ...progress, ...(before && { replaced: before }) };
};

class StoredKeptEnv implements KeptEnv {
  readonly #storage: Pick<Storage, 'readJson' | 'writeJson' | 'remove'>;
  readonly #path: string;

  constructor(storage: Pick<Storage, 'readJson' | 'writeJson' | 'remove'>, path: string) {
    this.#storage = storage;
    this.#path = path;
  }

  async read(): Promise<EnvTrial | FailedEnv | undefined> {
    return recordIn(await this.#storage.readJson(this.#path).catch(() => undefined));
  }

  write(record: EnvTrial | FailedEnv): Promise<void> {
    return this.#storage.writeJson(this.#path, { format: 1, ...record });
  }

  remove(): Promise<void> {
    return this.#storage.remove(this.#path);
  }
}

/**
 * Keeps the record of the env on trial in a document of the storage.
 *
 * @example
 * import { storedKeptEnv } from 'pepeunit-client/services';
 *
 * const keptEnv = storedKeptEnv(unit.world.storage, '.pepeunit/kept-env.json');
 * const record = await keptEnv.read(); // undefined: no env is on trial
 */
export const storedKeptEnv = (storage: Pick<Storage, 'readJson' | 'writeJson' | 'remove'>, path: string): KeptEnv =>
  new StoredKeptEnv(storage, path);
