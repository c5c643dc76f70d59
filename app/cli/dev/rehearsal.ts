import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { folderFirmwareTrials } from '../../../adapters/node/firmware/trials.ts';
import { inside } from '../../../adapters/node/fs/file-tree.ts';
import { readDocument } from '../../../adapters/node/fs/read-json.ts';
import type { SupervisorEvent } from '../../../adapters/node/process/supervisor.ts';
import { isJsonObject } from '../../../services/json.ts';
import type { ArchiveFile, Instance } from '../../instance/index.ts';
import { runUnit, type RunnerOptions } from './runner.ts';
import type { DevUnit } from './unit.ts';

/** How an update ended; `notTaken` when the unit never began it. */
export type Outcome =
  { readonly type: 'confirmed' | 'stopped' | 'notTaken' } | { readonly type: 'rolledBack'; readonly reason: string };

/** What an update is tried with. */
export interface RehearsalOptions extends RunnerOptions {
  readonly instance: Instance;
  readonly unit: DevUnit;
  /** Absolute path of the program. */
  readonly main: string;
  readonly folder: string;
  readonly stopped: AbortSignal;
}

const checkOut = async (folder: string, files: readonly ArchiveFile[]): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  for (const { path, bytes, executable, link } of files) {
    const at = inside(folder, path);
    await mkdir(dirname(at), { recursive: true, mode: 0o700 });
    if (link === true) {
      await symlink(Buffer.from(bytes).toString(), at);
      continue;
    }
    await writeFile(at, bytes, { mode: 0o600 });
    if (executable) await chmod(at, 0o700);
  }
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
}

/** Watches the journal of the updates in a folder until the version is confirmed or rolled back. */
const watchTrial = async (folder: string, to: string, trial: Trial, ended: AbortSignal): Promise<Outcome> => {
  const trials = folderFirmwareTrials({ folder });
  const begunBy = performance.now() + patienceMs;
  while (!ended.aborted) {
    const { trial: now } = await trials.status();
    trial.hasBegun ||= now !== undefined;
    if (trial.hasBegun && now === undefined) {
      if ((await versionIn(folder)) === to) return { type: 'confirmed' };
      return { type: 'rolledBack', reason: trial.rollback ?? 'it did not prove itself' };
    }
    if (!trial.hasBegun && performance.now() > begunBy) return { type: 'notTaken' };
    await delay(lookEveryMs, undefined, { signal: ended }).catch(() => undefined);
  }
  return { type: 'stopped' };
};

/**
 * Tries an update to a version as a device would: a checkout of the version before runs in a folder of its own, gets the
 * command, and starts the new version on trial. The unit must not run elsewhere meanwhile.
 */
export const rehearse = async (options: RehearsalOptions, to: string): Promise<Outcome> => {
  const { instance, unit, main, inspectorUrl } = options;
  const folder = join(options.folder, '.pepeunit/dev/update');
  const from = unit.version();
  await checkOut(folder, await instance.operator.getFirmware(unit.uuid));
  const over = new AbortController();
  const ended = AbortSignal.any([options.stopped, over.signal]);
  const trial: Trial = { hasBegun: false, rollback: undefined };
  const isReady = reported(options, from);
  const running = runUnit(join(folder, relative(options.folder, main)), folder, {
    inspectorUrl,
    onEvent: (event: SupervisorEvent) => {
      options.onEvent(event);
      if (event.type === 'started' && event.trial) trial.hasBegun = true;
      if (event.type === 'rolledBack') trial.rollback = event.reason;
    },
  });
  const aborted = new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve(), { once: true }));
  const failed = running.ended.finally(() => over.abort());
  try {
    await Promise.race([
      isReady,
      delay(patienceMs, undefined, { signal: ended, ref: false }).catch(() => undefined),
      aborted,
    ]);
    if (ended.aborted) return { type: 'stopped' };
    await unit.target(to);
    return await watchTrial(folder, to, trial, ended);
  } finally {
    over.abort();
    await running.stop();
    await failed;
  }
};
