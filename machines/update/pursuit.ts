import type { Failure } from '../../services/errors.ts';
import type { UpdateTarget } from '../../services/update.ts';
import { canSucceedLater, isTriedForLong, noRetry, retriedAfter, type Retry } from '../lib/retry.ts';
import {
  failedWith,
  isSameTarget,
  needsLink,
  pendingUpdate,
  type Pursuit,
  type UpdateContext,
  type UpdateEnding,
  type UpdateFact,
} from './context.ts';

/** The pursuit of a target, from its beginning. */
export const pursuitOf = (target: UpdateTarget): Pursuit => ({ target, retry: noRetry });

/** The pursuit of the pending update; `undefined` if it is tried only once. */
const pursuitNow = ({ pursuit, target, isCompiled }: UpdateContext): Pursuit | undefined =>
  pursuit && isSameTarget(pursuit.target, target, isCompiled) ? pursuit : undefined;

/** Begins a pending update; ends the pursuit of another target. */
export const begun = (now: UpdateContext, target: UpdateTarget): Partial<UpdateContext> => ({
  ...pendingUpdate(target),
  pursuit: pursuitNow({ ...now, target }),
});

/** Ends the pursuit of the pending update; one of a newer target goes on. */
export const ended = (now: UpdateContext): Pick<UpdateContext, 'pursuit'> => ({
  pursuit: pursuitNow(now) ? undefined : now.pursuit,
});

/** Keeps a failure for good, and ends the pursuit of the pending update. */
export const failed = (now: UpdateContext, ending: UpdateEnding): Partial<UpdateContext> => ({
  ...failedWith(now, ending),
  ...ended(now),
});

/** Whether the pending update is tried again at all after what may end otherwise later. */
export const isTriedAgain = (now: UpdateContext): boolean => {
  const pursuit = pursuitNow(now);
  return pursuit !== undefined && !isTriedForLong(pursuit.retry);
};

/** Whether the pending update is tried again after this failure. */
export const canRetry = (now: UpdateContext, failure: Failure): boolean =>
  canSucceedLater(failure) && isTriedAgain(now);

/** Counts a failed attempt to get the pending update. */
export const postponed = ({ target, pursuit }: UpdateContext, ending: UpdateEnding) => ({
  ending,
  pursuit: { target, retry: retriedAfter(pursuit?.retry ?? noRetry, ending.failure) },
});

/** The fact that reports a failed attempt. */
export const factOfDelay = ({ ending, pursuit }: ReturnType<typeof postponed>): UpdateFact => ({
  type: 'update.postponed',
  target: pursuit.target,
  phase: ending.phase,
  failure: ending.failure,
  attempts: pursuit.retry.attempts,
});

/** Counts a question for the target that was not answered. */
export const askedInVain = ({ unanswered }: Pick<UpdateContext, 'unanswered'>, failure: Failure): Retry =>
  retriedAfter(unanswered ?? noRetry, failure);

/** How often the version that is tried again could not be had. */
export const versionRetry = ({ pursuit }: Pick<UpdateContext, 'pursuit' | 'unit'>): Retry => pursuit?.retry ?? noRetry;

/** How often the question for the target was not answered. */
export const questionRetry = ({ unanswered }: Pick<UpdateContext, 'unanswered' | 'unit'>): Retry =>
  unanswered ?? noRetry;

/** Whether a version waits to be tried again. */
export const isPostponed = (now: UpdateContext): boolean => versionRetry(now).attempts > 0;

/** Whether to ask the instance for its target now: where its answer or, over MQTT, its command can be followed. */
export const isToBeAsked = (now: UpdateContext): boolean =>
  now.isTargetDue && now.checksVersion && !(now.isRestOnly === true && needsLink(now));

/** Whether something is to be asked or tried again. */
export const hasErrand = (now: UpdateContext): boolean =>
  isToBeAsked(now) || isPostponed(now) || now.unanswered !== undefined;

/** Whether an answer names the target that waits to be tried again. */
export const isPursued = ({ pursuit }: UpdateContext, commitVersion: string): boolean =>
  pursuit !== undefined && pursuit.retry.attempts > 0 && pursuit.target.commitVersion === commitVersion;
