import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { folderFirmwareStore } from '../../../adapters/node/firmware/store.ts';
import { folderFirmwareTrials } from '../../../adapters/node/firmware/trials.ts';
import { makeFolder } from '../../../adapters/node/fs/durable-file.ts';
import { readDocument } from '../../../adapters/node/fs/read-json.ts';
import type { SupervisorEvent } from '../../../adapters/node/process/supervisor.ts';
import { defaultArchiveLimits, defaultTrialTerms } from '../../../services/firmware.ts';
import { isJsonObject } from '../../../services/json.ts';
import type { Instance } from '../../instance/index.ts';
import { packTar } from '../../instance/model/archive.ts';
import { runUnit, type RunnerOptions, type Running } from './runner.ts';
import type { DevUnit } from './unit.ts';

/** How an update ended; `notTaken` when the unit never began it, and did not say why. */
export type Outcome =
  | { readonly type: 'confirmed' | 'stopped' | 'notTaken' }
  | { readonly type: 'rolledBack' | 'refused'; readonly reason: string };

/** What an update is tried with. */
export interface RehearsalOptions extends RunnerOptions {
  readonly instance: Instance;
  readonly unit: DevUnit;
  /** Absolute path of the program. */
  readonly main: string;
  readonly folder: string;
  readonly stopped: AbortSignal;
}

/** Puts a version into a folder of its own, as an update does: the next one knows what this one has brought. */
const checkOut = async ({ instance: { operator }, unit }: RehearsalOptions, folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
  const store = folderFirmwareStore({ folder, limits: defaultArchiveLimits, keeps: [] });
  const archive = Readable.from([await packTar(await operator.getFirmware(unit.uuid))]);
  const { id } = await store.stage(archive, new AbortController().signal);
  await store.swap(id, { scope: 'everything', from: '', to: unit.version(), trial: defaultTrialTerms });
  await store.confirm();
  await store.forgetOutcome();
};

/** Resolves when the unit has reported the version, or never. */
const reported = ({ instance, unit }: RehearsalOptions, version: string): Promise<void> =>
  new Promise((resolve) => {
    const end = instance.events.on('state', ({ unit: uuid, report }) => {
      if (uuid !== unit.uuid || report?.['pu_commit_version'] !== version) return;
      end();
      resolve();
    });
  });

const versionIn = async (folder: string): Promise<unknown> => {
  const env = await readDocument(join(folder, 'env.json'));
  return isJsonObject(env) ? env['PU_COMMIT_VERSION'] : undefined;
};

const lookEveryMs = 250;
const patienceMs = 120_000;

/** What is known of a trial from outside. */
interface Trial {
  hasBegun: boolean;
  rollback: string | undefined;
  refusal: string | undefined;
}

/** What a unit says in its log of an update that it does not take. */
const refusalIn = /^Update (?:refused|to \S+ failed while \w+): (?<reason>.*)/s;

/** Notes why the unit refuses the update. @returns A function that ends it. */
const noteRefusal = ({ instance, unit }: RehearsalOptions, trial: Trial): (() => void) =>
  instance.events.on('log', ({ unit: uuid, entries }) => {
    if (uuid !== unit.uuid) return;
    for (const { text } of entries) trial.refusal ??= refusalIn.exec(text)?.groups?.['reason'];
  });

/** Watches the journal of the updates in a folder until the version is refused, confirmed or rolled back. */
const watchTrial = async (folder: string, to: string, trial: Trial, ended: AbortSignal): Promise<Outcome> => {
  const trials = folderFirmwareTrials({ folder });
  const begunBy = performance.now() + patienceMs;
  while (!ended.aborted) {
    const { trial: now } = await trials.status();
    trial.hasBegun ||= now !== undefined;
    if (trial.hasBegun && now === undefined) {
      if ((await versionIn(folder)) === to) return { type: 'confirmed' };
      return { type: 'rolledBack', reason: trial.rollback ?? trial.refusal ?? 'it did not prove itself' };
    }
    if (!trial.hasBegun && trial.refusal !== undefined) return { type: 'refused', reason: trial.refusal };
    if (!trial.hasBegun && performance.now() > begunBy) return { type: 'notTaken' };
    await delay(lookEveryMs, undefined, { signal: ended }).catch(() => undefined);
  }
  return { type: 'stopped' };
};

/** What became of an update, and the unit that tried it, which still runs. */
export interface Rehearsal {
  readonly outcome: Outcome;
  readonly running: Running;
}

/** Runs the version before, and notes what its supervisor says of a trial. */
const runBefore = (options: RehearsalOptions, folder: string, trial: Trial): Running =>
  runUnit(join(folder, relative(options.folder, options.main)), folder, {
    inspectorUrl: options.inspectorUrl,
    onEvent: (event: SupervisorEvent) => {
      options.onEvent(event);
      if (event.type === 'started' && event.trial) trial.hasBegun = true;
      if (event.type === 'rolledBack') trial.rollback = event.reason;
    },
  });

/**
 * Tries an update to a version as a device would: a checkout of the version before runs in a folder of its own, gets the
 * command, and starts the new version on trial. The unit must not run elsewhere meanwhile.
 */
export const rehearse = async (options: RehearsalOptions, to: string): Promise<Rehearsal> => {
  const { unit, stopped } = options;
  const folder = join(options.folder, '.pepeunit/dev/update');
  await checkOut(options, folder);
  const trial: Trial = { hasBegun: false, rollback: undefined, refusal: undefined };
  const over = new AbortController();
  const ended = AbortSignal.any([stopped, over.signal]);
  const isReady = reported(options, unit.version());
  const stopNoting = noteRefusal(options, trial);
  const running = runBefore(options, folder, trial);
  const end = () => over.abort();
  running.ended.then(end, end);
  const patience = delay(patienceMs, undefined, { signal: ended, ref: false }).catch(() => undefined);
  try {
    await Promise.race([isReady, patience]);
    if (ended.aborted) return { outcome: { type: 'stopped' }, running };
    await unit.target(to);
    return { outcome: await watchTrial(folder, to, trial, ended), running };
  } catch (thrown) {
    await running.stop();
    throw thrown;
  } finally {
    stopNoting();
    end();
  }
};
