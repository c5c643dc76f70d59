import type { FirmwareStatus } from '../../services/firmware-transitions.ts';
import { backoff } from '../lib/delays.ts';
import type { UpdateContext } from './context.ts';
import { trialFailureOf } from './failures.ts';

/** Age from which on a failure is no reason any more to refuse an explicit command, milliseconds. */
export const failureIsOldAfterMs = 600_000;

const lastCallMs = 30_000;

/** Time to get online and ready; short for a version that was not online although the version before could be. */
export const provingMs = ({ trial, isSuspect }: Pick<UpdateContext, 'trial' | 'isSuspect'>): number => {
  const withinMs = trial?.healthyWithinMs ?? 0;
  return isSuspect ? Math.min(withinMs, lastCallMs) : withinMs;
};

/** Whether the new version has used all its starts. */
export const isSpent = ({ trial }: Pick<FirmwareStatus, 'trial'>): boolean =>
  trial !== undefined && trial.starts > trial.maxStarts;

const firstProbeMs = 15_000;
const maxProbeMs = 300_000;

/** Delay before the next probe of the broker, at most what is left of the wait. */
export const probeDelayMs = ({ trial, probes }: Pick<UpdateContext, 'trial' | 'probes'>): number =>
  Math.min(backoff(probes + 1, firstProbeMs, maxProbeMs), Math.max(0, maxWaitMs(trial) - (trial?.waitedMs ?? 0)));

const oneDayMs = 86_400_000;
const maxWaitMs = (trial: UpdateContext['trial']): number => trial?.offlineMs ?? oneDayMs;

/** Whether the trial has waited as long as it may. */
export const hasWaitedEnough = ({ trial }: Pick<UpdateContext, 'trial'>): boolean =>
  (trial?.waitedMs ?? 0) >= maxWaitMs(trial);

/** Charges the delay up to the next probe to the wait, ahead: a unit that is restarted all the time ends it as well. */
export const waited = (now: UpdateContext): Partial<UpdateContext> => {
  const { trial, probes } = now;
  const nextProbeMs = probeDelayMs(now);
  return {
    isSuspect: false,
    probes: probes + 1,
    nextProbeMs,
    ...(trial && { trial: { ...trial, isWaiting: true, waitedMs: (trial.waitedMs ?? 0) + nextProbeMs } }),
  };
};

/** Confirms the version on trial. */
export const confirmed = ({ trial, failed }: UpdateContext): Partial<UpdateContext> => ({
  trial: undefined,
  failed: failed?.version === trial?.to ? undefined : failed,
  ...(trial && { outcome: { version: trial.to, result: 'confirmed' } }),
});

/** Ends the trial of a version that was rolled back. */
export const rolledBack = ({ trial, ending }: UpdateContext): Partial<UpdateContext> => {
  if (!trial) return {};
  const { reason, ...code } = trialFailureOf({ ending });
  const version = trial.to;
  return { trial: undefined, failed: { version, reason, ...code }, outcome: { version, result: 'rolledBack', reason } };
};
