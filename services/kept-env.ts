import { connectionVariables, type ReservedEnv } from './env.ts';
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

/** The connection of an env. */
export const connectionOf = (env: ReservedEnv): Connection =>
  Object.fromEntries(connectionVariables.map((name) => [name, env[name]]));

/** Names of the variables in which two connections differ; never their values, of which one is a secret. */
export const differenceOf = (one: Connection, other: Connection): string[] =>
  connectionVariables.filter((name) => one[name] !== other[name]);

const recordIn = (document: JsonValue | undefined): EnvTrial | FailedEnv | undefined => {
  if (!isJsonObject(document) || document['format'] !== 1) return undefined;
  const { phase, previous, tried } = document;
  if (!isJsonObject(tried)) return undefined;
  if (phase === 'failed') return { phase, tried };
  return (phase === 'trial' || phase === 'restoring') && isJsonObject(previous)
    ? { phase, previous, tried }
    : undefined;
};

/**
 * Keeps the record of the env on trial in a document of the storage.
 *
 * @example
 * import { storedKeptEnv } from 'pepeunit-client/services';
 *
 * const keptEnv = storedKeptEnv(unit.world.storage, '.pepeunit/kept-env.json');
 * const record = await keptEnv.read(); // undefined: no env is on trial
 */
export const storedKeptEnv = (storage: Pick<Storage, 'readJson' | 'writeJson' | 'remove'>, path: string): KeptEnv => ({
  read: async () => recordIn(await storage.readJson(path).catch(() => undefined)),
  write: (record) => storage.writeJson(path, { format: 1, ...record }),
  remove: () => storage.remove(path),
});
