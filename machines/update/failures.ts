import type { AnyEventObject } from 'xstate';
import { failureOf, type Failure } from '../../services/errors.ts';
import type { FirmwareStatus } from '../../services/firmware-transitions.ts';
import { timedOut } from '../lib/failure.ts';
import type { UpdateContext, UpdatePhase } from './context.ts';

/** Names of the phases in timeout messages. */
const slow: Readonly<Record<UpdatePhase, string>> = {
  recovering: 'Reading the update journal',
  downloading: 'The download',
  verifying: 'Checking the firmware',
  staging: 'Fetching the program',
  swapping: 'Putting the new version in place',
  restarting: 'Restarting',
  trial: 'The trial',
  confirming: 'Confirming the new version',
  rollingBack: 'Rolling back',
  handingOver: "The app's update handler",
};

/** The failure of a phase, from the event that ended it: its actor's error, or its timeout. */
export const failureFrom = (event: AnyEventObject, phase: UpdatePhase): Failure =>
  event.type.startsWith('xstate.error.') ? failureOf(event['error']) : timedOut(slow[phase]);

/** The reason why the target is refused. */
export const refusalOf = ({ failed, target }: UpdateContext): Failure => ({
  name: 'FirmwareError',
  code: 'failedBefore',
  message: `version ${target.commitVersion} failed before: ${failed?.reason ?? 'no reason was noted'}. Send another version.`,
});

const unhealthy = (message: string): Failure => ({ name: 'FirmwareError', code: 'unhealthy', message });

/** The reason why a trial is not confirmed yet. */
export const trialFailure = ({ denied, trial }: UpdateContext): Failure => {
  const within = `within ${(trial?.healthyWithinMs ?? 0) / 1000} s`;
  if (denied === undefined) return unhealthy(`it did not get online ${within}`);
  if (denied.length > 0) return unhealthy(`the broker denied its topics ${denied.join(', ')}`);
  return unhealthy(`the app was not ready ${within}`);
};

/** The failure of a version that has used all its starts. */
export const spentAfter = ({ trial }: Pick<FirmwareStatus, 'trial'>): Failure =>
  unhealthy(`it was started ${trial?.maxStarts ?? 0} times without proving itself`);

/** The transition of a phase that failed and is tried again. */
export const postponing = <TPhase extends UpdatePhase, TTarget extends string>(phase: TPhase, target: TTarget) =>
  ({
    guard: { type: 'canRetry', params: { phase } },
    target,
    actions: [{ type: 'postpone', params: { phase } }],
  }) as const;
