import { setTimeout as delay } from 'node:timers/promises';
import { failureOf } from '../../../services/errors.ts';
import type { FirmwareTrials } from '../../../services/firmware.ts';
import type { FirmwareStatus } from '../../../services/firmware-transitions.ts';
import { startUnit, type ProcessEnd, type SupervisedUnit, type UnitProgram, type UnitStart } from './child.ts';
import { restartCode } from './contract.ts';
import { watchBeats } from './heartbeat.ts';
import { failureOfLast, isKilled, silenceMs, type RunEnd } from './run-end.ts';

/** Events of a supervisor, which `pepeunit run --json` prints. */
export type SupervisorEvent =
  /** The start waits, at most so long, for a sign of life of the process that has the lock of the unit's private folder. */
  | { readonly type: 'locked'; readonly folder: string; readonly pid: number; readonly atMostMs: number }
  | { readonly type: 'started'; readonly pid: number; readonly trial?: FirmwareStatus['trial'] }
  | { readonly type: 'ended'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly type: 'waiting'; readonly ms: number }
  | { readonly type: 'hung'; readonly pid: number; readonly hangs: number }
  | { readonly type: 'overdue'; readonly version: string; readonly withinMs: number }
  | { readonly type: 'rolledBack'; readonly version: string; readonly to: string; readonly reason: string }
  | { readonly type: 'failed'; readonly what: string; readonly message: string };

export interface SupervisorOptions {
  readonly program: UnitProgram;
  readonly trials: FirmwareTrials;
  /** Overrides the limit of the update. */
  readonly healthyWithinMs?: number | undefined;
  readonly trialStarts?: number | undefined;
  /** Milliseconds for the unit to stop before it is killed. */
  readonly graceMs: number;
  /** Time between two beats of the unit, milliseconds; 0 for no watch of its event loop. */
  readonly heartbeatMs: number;
  readonly onEvent: (event: SupervisorEvent) => void;
  /** Checks before each start what the unit can't do without; what it throws ends the supervision. */
  readonly checkStart?: () => Promise<void>;
  /** Called with each process that runs the unit, to record it. */
  readonly onStart: (unit: SupervisedUnit) => void;
  /** Aborted when the supervisor must stop; the one who aborts it also stops the unit. */
  readonly stopped: AbortSignal;
}

const settled: FirmwareStatus = { phase: 'settled' };
const firstDelayMs = 250;
const maxDelayMs = 60_000;
/** Duration of a run that counts as steady, milliseconds. */
const steadyMs = 60_000;

/**
 * Delay before the next start, milliseconds: doubles with each short run. A restart on the unit's request counts one
 * run less.
 */
export const restartDelay = (shortRuns: number, isAsked: boolean): number => {
  const failures = isAsked ? shortRuns - 1 : shortRuns;
  return failures <= 0 ? 0 : Math.min(firstDelayMs * 2 ** (failures - 1), maxDelayMs);
};

/** Runs one step on the journal and reports its failure; the unit starts in any case. */
type Attempt = (what: string, task: () => Promise<FirmwareStatus>) => Promise<FirmwareStatus>;

/** Creates the attempts of a supervisor, of which one that fails as before is not reported again. */
const createAttempts = ({ onEvent }: SupervisorOptions): Attempt => {
  const reported = new Map<string, string>();
  const report = (what: string, message: string | undefined): void => {
    const isNews = message !== undefined && reported.get(what) !== message;
    if (message === undefined) reported.delete(what);
    else reported.set(what, message);
    if (isNews) onEvent({ type: 'failed', what, message });
  };
  return async (what, task) => {
    try {
      const status = await task();
      report(what, status.problem?.message);
      return status;
    } catch (thrown) {
      report(what, failureOf(thrown).message);
      return settled;
    }
  };
};

/** A supervisor at work. */
type Supervision = SupervisorOptions & { readonly attempt: Attempt };

/** Does the journal's work before a start: resumes, counts, rolls back. */
const prepare = async (options: Supervision, lastEnd: RunEnd | undefined): Promise<FirmwareStatus> => {
  const { attempt, trials, trialStarts: maxStarts, healthyWithinMs, onEvent } = options;
  await attempt('recovering', () => trials.recover());
  const terms = {
    ...(maxStarts !== undefined && { maxStarts }),
    ...(healthyWithinMs !== undefined && { healthyWithinMs }),
  };
  const status = await attempt('counting the start', () => trials.countStart(terms));
  const { trial } = status;
  if (!trial || trial.starts <= trial.maxStarts) return status;
  const { reason: last, ...code } = failureOfLast(trial, lastEnd);
  const reason = `${last}, in the last of ${trial.maxStarts} starts`;
  return attempt('rolling back', async () => {
    await trials.rollBack({ reason, ...code });
    onEvent({ type: 'rolledBack', version: trial.to, to: trial.from, reason });
    return settled;
  });
};

const trialNow = async ({ attempt, trials }: Supervision): Promise<FirmwareStatus['trial']> =>
  (await attempt('reading the journal', () => trials.status())).trial;

/** Waits for the end of a unit; ends it if its trial takes too long and does not wait for a broker. */
const watch = async (unit: SupervisedUnit, options: Supervision, status: FirmwareStatus): Promise<RunEnd> => {
  const over = new AbortController();
  let { trial } = status;
  try {
    while (trial) {
      const ms = silenceMs(trial, options.graceMs);
      const late = delay(ms, 'late' as const, { signal: over.signal }).catch(() => 'ended' as const);
      if ((await Promise.race([unit.end, late])) !== 'late') break;
      const before = trial;
      trial = await trialNow(options);
      if (!trial || trial.isWaiting || trial.starts !== before.starts) continue;
      options.onEvent({ type: 'overdue', version: trial.to, withinMs: trial.healthyWithinMs });
      await unit.stop(options.graceMs);
      return { ...(await unit.end), stoppedFor: 'silence' };
    }
    return await unit.end;
  } finally {
    over.abort();
  }
};

/** Counts the start of a version that ended by itself while its trial waited for a broker. */
const countAfterAll = ({ attempt, trials }: Supervision): Promise<FirmwareStatus> =>
  attempt('counting the start', async () => {
    await trials.endWait();
    return trials.status();
  });

/** End of a program that could not be started. */
const notStarted: RunEnd = { code: 127, signal: null };

/** Ends a unit whose event loop hangs. @returns Ends the watch, and says whether it had to. */
const watchLoop = (unit: SupervisedUnit, { heartbeatMs, graceMs, onEvent }: SupervisorOptions, hangs: number) => {
  let isHung = false;
  if (heartbeatMs === 0) return () => isHung;
  const end = watchBeats(unit.pipe, heartbeatMs, () => {
    isHung = true;
    onEvent({ type: 'hung', pid: unit.pid, hangs });
    void unit.stop(graceMs);
  });
  return () => {
    end();
    return isHung;
  };
};

const runOnce = async (options: Supervision, status: FirmwareStatus, start: UnitStart): Promise<RunEnd> => {
  const { program, onEvent, onStart } = options;
  try {
    const unit = await startUnit(program, start);
    const endWatch = watchLoop(unit, options, start.hangs + 1);
    onStart(unit);
    onEvent({ type: 'started', pid: unit.pid, ...(status.trial && { trial: status.trial }) });
    const end = await watch(unit, options, status);
    onEvent({ type: 'ended', code: end.code, signal: end.signal });
    return endWatch() ? { ...end, stoppedFor: 'hang' } : end;
  } catch (thrown) {
    if (!status.trial) throw thrown;
    onEvent({ type: 'failed', what: 'starting the new version', message: failureOf(thrown).message });
    return notStarted;
  }
};

/** Whether an update was put in place during a run that began with this status: its version worked, and is no crash. */
const hasUpdated = ({ trial: before }: FirmwareStatus, trial: FirmwareStatus['trial']): boolean =>
  trial !== undefined && trial.to !== before?.to;

/**
 * Runs a unit until it ends by itself or is stopped. Restarts it after a crash, a hang of its event loop or on request, and
 * restores the previous version if a new one fails its trial.
 *
 * @returns The unit's last end; `undefined` if it was not running when the supervisor was stopped.
 * @throws {ProcessError} `spawn` if the program can't be started and is not on trial; and what `checkStart` throws.
 */
export const supervise = async (given: SupervisorOptions): Promise<ProcessEnd | undefined> => {
  const options = { ...given, attempt: createAttempts(given) };
  const { onEvent, stopped } = options;
  const isStopped = () => stopped.aborted;
  let shortRuns = 0;
  let lastEnd: RunEnd | undefined;
  let start: UnitStart = { heartbeatMs: options.heartbeatMs, hangs: 0, isAfterHang: false };
  for (;;) {
    const status = await prepare(options, lastEnd);
    if (isStopped()) return undefined;
    await options.checkStart?.();
    const startedAt = performance.now();
    const end = await runOnce(options, status, start);
    lastEnd = end;
    const isHung = end.stoppedFor === 'hang';
    const ended = { code: end.code, signal: end.signal };
    if (isStopped()) return ended;
    const trial = await trialNow(options);
    if (end.code === 0 && !isHung && !trial) return ended;
    if (trial?.isWaiting && !isKilled(end)) await countAfterAll(options);
    start = { ...start, hangs: start.hangs + (isHung ? 1 : 0), isAfterHang: isHung };
    if (hasUpdated(status, trial)) shortRuns = 0;
    else shortRuns = performance.now() - startedAt < steadyMs ? shortRuns + 1 : 1;
    const ms = restartDelay(shortRuns, end.code === restartCode);
    if (ms > 0) onEvent({ type: 'waiting', ms });
    await delay(ms, undefined, { signal: stopped }).catch(() => undefined);
    if (isStopped()) return undefined;
  }
};
