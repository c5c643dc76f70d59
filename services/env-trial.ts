import { fromPromise } from 'xstate';
import { parseEnv, type UnitEnv } from './env.ts';
import { SettingsError } from './errors.ts';
import { find, type Found } from './finder.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import type { FirmwareStore } from './firmware.ts';
import { underVersionOf } from './firmware-transitions.ts';
import { connectionOf, differenceOf, type KeptEnv } from './kept-env.ts';
import type { BrokerProbe, LastLink } from './last-link.ts';
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

/** Variables whose change replaces the link. */
const linkVariables: readonly string[] = ['PU_MQTT_HOST', 'PU_MQTT_PORT', 'PU_AUTH_TOKEN'];

const failedBefore = (names: readonly string[]) =>
  new SettingsError(
    'failedBefore',
    `The instance's env asks for a connection that brought the unit no link before, so it is not used. Correct ${names.join(', ')} in the unit's env.`,
  );

/** The env.json in place; `undefined` if it can't be used. */
const inPlace = async ({ storage, path }: EnvFiles): Promise<{ document: JsonObject; env: UnitEnv } | undefined> => {
  const document = await storage.readJson(path).catch(() => undefined);
  try {
    return isJsonObject(document) ? { document, env: parseEnv(document) } : undefined;
  } catch {
    // A damaged file is none that could be put back.
    return undefined;
  }
};

/**
 * Keeps the env in place before a new one replaces it, if the new one makes another link.
 *
 * @throws {SettingsError} `failedBefore` if the new one's connection was given up before.
 * @throws {StorageError} Nothing has changed then.
 */
export const keepBefore = async (files: EnvFiles, next: UnitEnv): Promise<void> => {
  const { keptEnv } = files;
  const current = keptEnv && (await inPlace(files));
  if (!keptEnv || !current) return;
  const record = await keptEnv.read();
  const tried = connectionOf(next.reserved);
  if (record?.phase === 'failed' && differenceOf(record.tried, tried).length === 0) {
    throw failedBefore(differenceOf(tried, connectionOf(current.env.reserved)));
  }
  const previous = record?.phase === 'trial' ? record.previous : current.document;
  const differing = differenceOf(connectionOf(parseEnv(previous).reserved), tried);
  if (differing.some((name) => linkVariables.includes(name))) {
    await keptEnv.write({ phase: 'trial', previous, tried });
  } else if (record) await keptEnv.remove();
};

/**
 * An env under the version of the program in place, if that is known: a new env brings no program.
 *
 * @param known The env that the program was started with, if the one in place can't be used.
 */
export const ofVersionInPlace = async (files: EnvFiles, env: JsonObject, known?: UnitEnv): Promise<JsonObject> => {
  const { given, reserved } = (await inPlace(files))?.env ?? known ?? {};
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

/** Puts the env before back, with the version of the program in place. @returns Names of the variables that differed. */
export const putBack = async (files: EnvFiles): Promise<string[]> => {
  const { keptEnv } = files;
  const record = await keptEnv?.read();
  if (!keptEnv || !record || record.phase === 'failed') return [];
  await keptEnv.write({ ...record, phase: 'restoring' });
  const document = await replaceEnv(files, record.previous);
  await keptEnv.write({ phase: 'failed', tried: record.tried });
  return differenceOf(connectionOf(parseEnv(document).reserved), record.tried);
};

/**
 * Finishes what a kill interrupted, before env.json is read.
 *
 * @returns The env before, if the one in place is on trial.
 */
export const resumeTrial = async (files: EnvFiles): Promise<UnitEnv | undefined> => {
  const record = await files.keptEnv?.read();
  if (!files.keptEnv || !record || record.phase === 'failed') return undefined;
  if (record.phase === 'restoring') {
    await putBack(files);
    return undefined;
  }
  const current = await inPlace(files);
  if (current && differenceOf(connectionOf(current.env.reserved), record.tried).length === 0) {
    return parseEnv(record.previous);
  }
  // The new env was never put in place, or somebody put another one there: a rollback must not bring it without a trial.
  try {
    if (current) await files.firmware?.replaceEnv(current.document, async () => undefined);
    await files.keptEnv.remove();
  } catch {
    // The unit starts all the same, and the next load tries again.
  }
  return undefined;
};

/**
 * Asks whether the broker of the last good link is there, for the settings machine's `askBroker`.
 *
 * @example
 * import { settingsMachine } from 'pepeunit-client/machines';
 * import { askLastBroker, storedLastLink } from 'pepeunit-client/services';
 *
 * const lastLink = storedLastLink(unit.world.storage, '.pepeunit/link.json');
 * const machine = settingsMachine.provide({ actors: { askBroker: askLastBroker({ brokerProbe: unit.world.brokerProbe, lastLink }) } });
 */
export const askLastBroker = (given: Found<{ readonly brokerProbe: BrokerProbe; readonly lastLink: LastLink }>) =>
  fromPromise<boolean>(async ({ self, signal }) => {
    const { brokerProbe, lastLink } = find(given, self);
    const address = await lastLink.read();
    return address !== undefined && brokerProbe.isThere(address, signal);
  });
export type AskLastBroker = ReturnType<typeof askLastBroker>;

/**
 * Forgets the env before, for the settings machine's `confirm`.
 *
 * @example
 * import { settingsMachine } from 'pepeunit-client/machines';
 * import { confirmEnv, storedKeptEnv } from 'pepeunit-client/services';
 *
 * const keptEnv = storedKeptEnv(unit.world.storage, '.pepeunit/kept-env.json');
 * const machine = settingsMachine.provide({ actors: { confirm: confirmEnv(keptEnv) } });
 */
export const confirmEnv = (given: Found<KeptEnv>) => fromPromise<void>(({ self }) => find(given, self).remove());
export type ConfirmEnv = ReturnType<typeof confirmEnv>;
