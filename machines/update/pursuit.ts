import type { Failure } from '../../services/errors.ts';
import type { UpdateTarget } from '../../services/update.ts';
import { canSucceedLater, isTriedForLong, noRetry, retriedAfter, type Retry } from '../lib/retry.ts';
import { isSameTarget, pendingUpdate, type Pursuit, type UpdateContext, type UpdateEnding } from './context.ts';

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

/** Whether the pending update is tried again after this failure. */
export const canRetry = (now: UpdateContext, failure: Failure): boolean => {
  const pursuit = pursuitNow(now);
  return pursuit !== undefined && canSucceedLater(failure) && !isTriedForLong(pursuit.retry);
};

/** Counts a failed attempt to get the pending update. */
export const postponed = ({ target, pursuit }: UpdateContext, ending: UpdateEnding) => ({
  ending,
  pursuit: { target, retry: retriedAfter(pursuit?.retry ?? noRetry, ending.failure) },
});

/** What is tried again next: the question for the target, whose answer may end the pursuit of an older one. */
export const retryNext = ({ unanswered, pursuit }: UpdateContext): Retry => unanswered ?? pursuit?.retry ?? noRetry;

/** Whether an answer names the target that waits to be tried again. */
export const isPursued = ({ pursuit }: UpdateContext, commitVersion: string): boolean =>
  pursuit !== undefined && pursuit.retry.attempts > 0 && pursuit.target.commitVersion === commitVersion;
