import { parseEnv, type UnitEnv } from './env.ts';
import type { FirmwareStore } from './firmware.ts';
import { underVersionOf } from './firmware-transitions.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import type { KeptEnv } from './kept-env.ts';
import type { Storage } from './storage.ts';

/** Where the env and the one before are kept. */
export interface EnvFiles {
  readonly storage: Storage;
  readonly path: string;
  /** Keeps the env before a new one; without it no env is on trial. */
  readonly keptEnv?: KeptEnv;
  /** Where a version is on trial, so that its rollback does not lose an env; without it none is. */
  readonly firmware?: Pick<FirmwareStore, 'replaceEnv'>;
}

/** The env.json in place; `undefined` if it can't be used. */
export const envInPlace = async ({
  storage,
  path,
}: EnvFiles): Promise<{ document: JsonObject; env: UnitEnv } | undefined> => {
  const document = await storage.readJson(path).catch(() => undefined);
  try {
    return isJsonObject(document) ? { document, env: parseEnv(document) } : undefined;
  } catch {
    // A damaged file is none that could be put back.
    return undefined;
  }
};

/**
 * An env under the version of the program in place, if that is known: a new env brings no program.
 *
 * @param known The env that the program was started with, if the one in place can't be used.
 */
export const ofVersionInPlace = async (files: EnvFiles, env: JsonObject, known?: UnitEnv): Promise<JsonObject> => {
  const { given, reserved } = (await envInPlace(files))?.env ?? known ?? {};
  return given && reserved?.PU_COMMIT_VERSION !== '' ? underVersionOf(given, env) : env;
};

/**
 * Replaces env.json under the version in place. The version that a rollback would restore gets the env as well.
 *
 * @returns The env as written.
 * @throws {StorageError}
 */
export const replaceEnv = async (files: EnvFiles, env: JsonObject, known?: UnitEnv): Promise<JsonObject> => {
  let written = env;
  const write = async () => {
    written = await ofVersionInPlace(files, env, known);
    await files.storage.writeJson(files.path, written);
  };
  await (files.firmware ? files.firmware.replaceEnv(env, write) : write());
  return written;
};
