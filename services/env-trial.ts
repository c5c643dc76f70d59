import { fromPromise } from 'xstate';
import { brokerVariables, instanceVariables, parseEnv, type UnitEnv } from './env.ts';
import { envInPlace, replaceEnv, type EnvFiles } from './env-files.ts';
import { SettingsError } from './errors.ts';
import { find, type Found, type OfUnit } from './finder.ts';
import type { JsonObject } from './json.ts';
import { connectionOf, differenceOf, differs, isSameConnection, type EnvTrial, type FailedEnv } from './kept-env.ts';
import type { BrokerProbe, LastLink } from './last-link.ts';
import { targetOf, type Rest } from './rest.ts';

/** A trial of the env in force, as the machines see it. */
export interface SettingsTrial {
  /** Grows with each env of another connection that comes into force: the same number is the same trial. */
  readonly revision: number;
  /** How many parts of its time it has begun, over all starts of the program. */
  readonly spent: number;
  /** Whether the env before names another broker or token. */
  readonly isBrokerNew: boolean;
  /** Whether the env before names another address of the instance. */
  readonly isInstanceNew: boolean;
}

/** The env in force, and the turns of those who change it. */
export interface EnvInForce {
  readonly current: UnitEnv | undefined;
  /** Grows whenever the connection changes. */
  readonly connectionRevision: number;
  /** Runs one piece of work at a time on env.json and the record of its trial. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

/** Files of the env, and the one in force. */
interface TrialFiles extends EnvFiles {
  readonly holder: EnvInForce;
}

const failedBefore = (names: readonly string[]) =>
  new SettingsError(
    'failedBefore',
    `The instance's env asks for a connection that cost the unit its link or its instance before, so it is not used. Correct ${names.join(', ')} in the unit's env.`,
  );

/** How far the trial of the env in place is; `undefined` if that is on none. */
const progressOf = ({ phase, previous, tried, spent, replaced }: EnvTrial, { reserved }: UnitEnv) => {
  const current = connectionOf(reserved);
  const progress = [{ tried, spent }, replaced].find((one) => one && isSameConnection(one.tried, current));
  // Whatever else a write that failed has left in place of an env that was to be put back is untried.
  const isToBeReplaced = phase === 'restoring' && !isSameConnection(connectionOf(parseEnv(previous).reserved), current);
  return progress ?? (isToBeReplaced ? { tried: current, spent: 0 } : undefined);
};

/**
 * Keeps the env in place before a new one replaces it, if the new one has another connection. A trial under way goes on,
 * or, with yet another connection, starts anew with the same env to go back to.
 *
 * @throws {SettingsError} `failedBefore` if the new one's connection was given up before.
 * @throws {StorageError} Nothing has changed then.
 */
export const keepBefore = async (files: EnvFiles, next: UnitEnv): Promise<void> => {
  const { keptEnv } = files;
  const current = keptEnv && (await envInPlace(files));
  if (!keptEnv || !current) return;
  const record = await keptEnv.read();
  const tried = connectionOf(next.reserved);
  const isSameAgain = record !== undefined && isSameConnection(record.tried, tried);
  if (isSameAgain && record.phase !== 'trial') {
    throw failedBefore(differenceOf(tried, connectionOf(current.env.reserved)));
  }
  if (isSameAgain) return;
  const trial = record?.phase === 'failed' ? undefined : record;
  const previous = trial?.previous ?? current.document;
  // The record of a trial that this ends stays until the new env is in place: until then a kill must not end it.
  if (!isSameConnection(connectionOf(parseEnv(previous).reserved), tried)) {
    const replaced = trial && progressOf(trial, current.env);
    await keptEnv.write({ phase: 'trial', previous, tried, spent: 0, ...(replaced && { replaced }) });
  } else if (record?.phase === 'failed') await keptEnv.remove();
};

/** Puts the env before back, with the version of the program in place. @returns Names of the variables that differed. */
const putBackFrom = async (files: EnvFiles, record: EnvTrial): Promise<string[]> => {
  const { keptEnv } = files;
  if (record.phase !== 'restoring') await keptEnv?.write({ ...record, phase: 'restoring' });
  const document = await replaceEnv(files, record.previous);
  await keptEnv?.write({ phase: 'failed', tried: record.tried });
  return differenceOf(connectionOf(parseEnv(document).reserved), record.tried);
};

/**
 * Puts the env before back, if the one of that revision is still the one in force.
 *
 * @returns Names of the variables that differed; none if nothing was put back.
 * @throws {StorageError}
 */
export const putBack = async (files: TrialFiles, revision: number): Promise<string[]> => {
  const { current, connectionRevision } = files.holder;
  const record = await files.keptEnv?.read();
  if (!record || record.phase === 'failed' || !current || connectionRevision !== revision) return [];
  return putBackFrom(files, { ...record, tried: connectionOf(current.reserved) });
};

/** A trial that is under way. */
interface OpenTrial {
  /** The env before. */
  readonly before: UnitEnv;
  readonly spent: number;
}

/** Drops the record of an env that is not in place, so that the rollback of a version does not bring that one either. */
const dropTrial = async (
  { keptEnv, firmware }: EnvFiles,
  record: EnvTrial,
  document: JsonObject | undefined,
): Promise<undefined> => {
  try {
    if (document) await firmware?.replaceEnv(document, async () => undefined);
    await (record.phase === 'restoring' ? keptEnv?.write({ phase: 'failed', tried: record.tried }) : keptEnv?.remove());
  } catch {
    // The unit starts all the same, and the next load tries again.
  }
};

/** @param record The one that is kept now. @returns The trial, if the env in place is on one. */
export const openTrial = async (
  files: EnvFiles,
  record: EnvTrial | FailedEnv | undefined,
): Promise<OpenTrial | undefined> => {
  if (!record || record.phase === 'failed') return undefined;
  const { previous, tried } = record;
  const current = await envInPlace(files);
  const progress = current && progressOf(record, current.env);
  if (!progress) return dropTrial(files, record, current?.document);
  if (progress.tried !== tried) {
    await files.keptEnv?.write({ phase: 'trial', previous, ...progress }).catch(() => undefined);
  }
  return { before: parseEnv(previous), spent: progress.spent };
};

/**
 * Puts the env before back if a kill interrupted that, before env.json is read.
 *
 * @returns The record that is kept from then on, and the names of the variables that differed; none if nothing was put
 *   back.
 */
export const resumePuttingBack = async (
  files: EnvFiles,
): Promise<{ readonly record: EnvTrial | FailedEnv | undefined; readonly givenUp: readonly string[] }> => {
  const record = await files.keptEnv?.read();
  if (record?.phase !== 'restoring') return { record, givenUp: [] };
  try {
    return { givenUp: await putBackFrom(files, record), record: { phase: 'failed', tried: record.tried } };
  } catch {
    // A disk that is full must not keep the unit from its start: the trial goes on, and the env is put back later.
    return { record, givenUp: [] };
  }
};

/** What the machines learn of a trial of the env in force. */
export const trialOf = ({ holder }: TrialFiles, { before, spent }: OpenTrial): SettingsTrial => {
  const after = holder.current ?? before;
  return {
    revision: holder.connectionRevision,
    spent,
    isBrokerNew: differs(before, after, brokerVariables),
    isInstanceNew: differs(before, after, instanceVariables),
  };
};

/** The record of the trial of that revision; `undefined` if another env is in force or on its way. */
const recordOf = async ({ keptEnv, holder }: TrialFiles, revision: number): Promise<EnvTrial | undefined> => {
  const record = await keptEnv?.read();
  const { current, connectionRevision } = holder;
  if (!record || record.phase === 'failed' || !current || connectionRevision !== revision) return undefined;
  return isSameConnection(record.tried, connectionOf(current.reserved)) ? record : undefined;
};

/** Which trial of an env it is about. */
export interface TrialInput extends OfUnit {
  readonly revision: number;
}

/**
 * Notes on disk how much of its time a trial has begun, for the settings machine's `charge`.
 *
 * @example
 * import { settingsMachine } from 'pepeunit-client/machines';
 * import { chargeTrial, envHolder, storedKeptEnv } from 'pepeunit-client/services';
 *
 * const { storage } = unit.world;
 * const keptEnv = storedKeptEnv(storage, '.pepeunit/kept-env.json');
 * const files = { storage, path: 'env.json', keptEnv, holder: envHolder() };
 * const machine = settingsMachine.provide({ actors: { charge: chargeTrial(files) } });
 */
export const chargeTrial = (given: Found<TrialFiles>) =>
  fromPromise<void, TrialInput & Pick<SettingsTrial, 'spent'>>(({ input: { revision, spent }, self }) => {
    const files = find(given, self);
    return files.holder.inTurn(async () => {
      const record = await recordOf(files, revision);
      if (record && record.spent < spent) await files.keptEnv?.write({ ...record, spent });
    });
  });
export type ChargeTrial = ReturnType<typeof chargeTrial>;

/**
 * Forgets the env before, for the settings machine's `confirm`.
 *
 * @example
 * import { settingsMachine } from 'pepeunit-client/machines';
 * import { confirmEnv, envHolder, storedKeptEnv } from 'pepeunit-client/services';
 *
 * const { storage } = unit.world;
 * const keptEnv = storedKeptEnv(storage, '.pepeunit/kept-env.json');
 * const files = { storage, path: 'env.json', keptEnv, holder: envHolder() };
 * const machine = settingsMachine.provide({ actors: { confirm: confirmEnv(files) } });
 */
export const confirmEnv = (given: Found<TrialFiles>) =>
  fromPromise<void, TrialInput>(({ input: { revision }, self }) => {
    const files = find(given, self);
    return files.holder.inTurn(async () => {
      if (await recordOf(files, revision)) await files.keptEnv?.remove();
    });
  });
export type ConfirmEnv = ReturnType<typeof confirmEnv>;

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

/** The instance, and the files of the env that names it. */
interface InstanceFiles extends TrialFiles {
  readonly rest: Rest;
}

const ask = async (rest: Rest, env: UnitEnv | undefined, signal: AbortSignal): Promise<void> => {
  if (env) await rest.getTargetVersion(targetOf(env), signal);
};

/**
 * Asks the instance of the env in force, for the settings machine's `askInstance`; fails if it does not answer as an
 * instance does.
 *
 * @example
 * import { settingsMachine } from 'pepeunit-client/machines';
 * import { askInstance, envHolder } from 'pepeunit-client/services';
 *
 * const { http: rest, storage } = unit.world;
 * const files = { rest, storage, path: 'env.json', holder: envHolder() };
 * const machine = settingsMachine.provide({ actors: { askInstance: askInstance(files) } });
 */
export const askInstance = (given: Found<InstanceFiles>) =>
  fromPromise<void>(({ self, signal }) => {
    const { rest, holder } = find(given, self);
    return ask(rest, holder.current, signal);
  });
export type AskInstance = ReturnType<typeof askInstance>;

/**
 * Asks whether the instance answers at the address of the env before and not at that of the env in force, for the
 * settings machine's `compareInstances`.
 *
 * @example
 * import { settingsMachine } from 'pepeunit-client/machines';
 * import { compareInstances, envHolder } from 'pepeunit-client/services';
 *
 * const { http: rest, storage } = unit.world;
 * const files = { rest, storage, path: 'env.json', holder: envHolder() };
 * const machine = settingsMachine.provide({ actors: { compareInstances: compareInstances(files) } });
 */
export const compareInstances = (given: Found<InstanceFiles>) =>
  fromPromise<boolean, TrialInput>(async ({ input: { revision }, self, signal }) => {
    const files = find(given, self);
    const { rest, holder } = files;
    const record = await recordOf(files, revision);
    if (!record) return false;
    const answers = (env: UnitEnv | undefined) =>
      ask(rest, env, signal).then(
        () => true,
        () => false,
      );
    const [isBeforeThere, isThere] = await Promise.all([answers(parseEnv(record.previous)), answers(holder.current)]);
    return isBeforeThere && !isThere;
  });
export type CompareInstances = ReturnType<typeof compareInstances>;
