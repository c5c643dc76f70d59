import type { ErrorActorEvent } from 'xstate';
import { failureOf, type Failure } from '../../services/errors.ts';
import type { TrialFailure } from '../../services/firmware-journal.ts';
import type { FirmwareStatus } from '../../services/firmware-transitions.ts';
import { timedOut } from '../lib/failure.ts';
import type { UpdateContext, UpdateEnding, UpdatePhase } from './context.ts';

/** Why something failed: its actor's error, or that it took too long. */
export type Cause<TLate = UpdatePhase> = Pick<ErrorActorEvent, 'actorId' | 'error'> | { readonly late: TLate };

/** The phase that each actor carries out. */
const phases = {
  recover: 'recovering',
  download: 'downloading',
  verify: 'verifying',
  stage: 'staging',
  swap: 'swapping',
  restart: 'restarting',
  handOver: 'handingOver',
  checkReady: 'trial',
  confirm: 'confirming',
  rollBack: 'rollingBack',
} as const satisfies Record<string, UpdatePhase>;

/** Names of the phases in timeout messages. */
const slow: Readonly<Record<UpdatePhase | 'asking', string>> = {
  asking: 'Asking for the target version',
  recovering: 'Reading the update journal',
  downloading: 'The download',
  verifying: 'Checking the firmware',
  staging: 'Completing the firmware',
  swapping: 'Putting the new version in place',
  restarting: 'Restarting',
  trial: 'The trial',
  confirming: 'Confirming the new version',
  rollingBack: 'Rolling back',
  handingOver: "The app's update handler",
};

/** The failure of a phase, or of the question for the target. */
export const failureFrom = (cause: Cause<UpdatePhase | 'asking'>): Failure =>
  'late' in cause ? timedOut(slow[cause.late]) : failureOf(cause.error);

/** A phase and its failure. */
export const endingOf = (cause: Cause): UpdateEnding => ({
  phase: 'late' in cause ? cause.late : phases[cause.actorId as keyof typeof phases],
  failure: failureFrom(cause),
});

/** The reason why the target is refused. */
export const refusalOf = ({ failed, target }: UpdateContext): Failure => ({
  name: 'FirmwareError',
  code: 'failedBefore',
  message: `version ${target.commitVersion} failed before: ${failed?.reason ?? 'no reason was noted'}. Send another version, or this one again ten minutes after it failed.`,
});

const unhealthy = (message: string): Failure => ({ name: 'FirmwareError', code: 'unhealthy', message });
const offline = (message: string): Failure => ({ name: 'FirmwareError', code: 'offline', message });

const hours = (ms: number): number => Math.round(ms / 360_000) / 10;

/** The reason why a trial is not confirmed yet. */
export const trialFailure = ({ denied, isDenied, lastDenied, trial, isRestOnly }: UpdateContext): Failure => {
  const within = `within ${(trial?.healthyWithinMs ?? 0) / 1000} s`;
  if (denied?.length === 0) return unhealthy(`the app was not ready ${within}`);
  if (isRestOnly) return offline(`the instance did not answer over REST ${within}`);
  if (isDenied) return unhealthy(`the broker denied its topics ${lastDenied.join(', ') || 'altogether'}`);
  if (!trial?.isWaiting) return offline(`it did not get online ${within}`);
  return offline(`it did not get online; no broker could be reached for ${hours(trial.waitedMs ?? 0)} h`);
};

/** The failure of the trial for the journal. */
export const trialFailureOf = ({ ending }: Pick<UpdateContext, 'ending'>): TrialFailure => ({
  reason: ending?.failure.message ?? '',
  ...(ending && { code: ending.failure.code }),
});

/** The failure of a version that has used all its starts. */
export const spentAfter = ({ trial }: Pick<FirmwareStatus, 'trial'>): Failure =>
  unhealthy(`it was started ${trial?.maxStarts ?? 0} times without proving itself`);
