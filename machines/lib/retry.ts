import type { Failure } from '../../services/errors.ts';
import { backoff } from './delays.ts';

/** How often something was tried in vain, and how long to wait before the next attempt. */
export interface Retry {
  readonly attempts: number;
  /** Sum of the waits, milliseconds. */
  readonly waitedMs: number;
  /** The part of the wait that the server asked for, milliseconds. */
  readonly askedMs: number;
  /** Length of the window after that, milliseconds: many units fail together, and each picks its own time in it. */
  readonly windowMs: number;
}

/** Nothing has failed yet. */
export const noRetry: Retry = { attempts: 0, waitedMs: 0, askedMs: 0, windowMs: 0 };

const firstWindowMs = 5_000;
/** First window after a refusal, which only somebody's work on the instance will change. */
const firstRefusedWindowMs = 60_000;
const maxWindowMs = 600_000;
/** Longest wait at a server's request; after it the server is asked once more. */
const maxAskedMs = 3_600_000;
const shortestMs = 1_000;
const dayMs = 86_400_000;

const transientStatuses = new Set([408, 425, 429]);
/** Denied or not found: a token, a right or an address that is put right on the instance. */
const refusedStatuses = new Set([401, 403, 404]);

const isTransientStatus = ({ status = 0 }: Failure): boolean =>
  status >= 500 || transientStatuses.has(status) || refusedStatuses.has(status);

/**
 * Whether the same request may succeed later: no connection, no answer, an answer cut short or of somebody else (such as
 * the login page of a network), a server in trouble or under load, a refusal that can be lifted, a disk that failed. What
 * was received and refused for its content stays refused.
 */
export const canSucceedLater = (failure: Failure): boolean => {
  const { name, code } = failure;
  switch (code) {
    case 'network':
    case 'timeout':
      return true;
    case 'status':
      return isTransientStatus(failure);
    case 'malformed':
    case 'redirect':
      return name === 'RestError';
    case 'io':
      return name === 'StorageError';
    default:
      return false;
  }
};

/** The wait before the next attempt on average, milliseconds. */
export const retryMs = ({ askedMs, windowMs }: Retry): number => Math.max(shortestMs, askedMs + windowMs / 2);

/**
 * The delay of a machine that tries something again, drawn at random over the whole window.
 *
 * @param random Returns a number from 0 up to 1.
 * @param retryOf What the machine tries again.
 */
export const jitteredRetry = <TContext>(
  random: (context: NoInfer<TContext>) => number,
  retryOf: (context: TContext) => Retry,
) => ({
  retryAfter: ({ context }: { context: TContext }): number => {
    const { askedMs, windowMs } = retryOf(context);
    return Math.max(shortestMs, askedMs + random(context) * windowMs);
  },
});

/** Counts one more failed attempt: the window doubles from 5 s to 10 min. */
export const retriedAfter = ({ attempts, waitedMs }: Retry, failure: Failure): Retry => {
  const firstMs = refusedStatuses.has(failure.status ?? 0) ? firstRefusedWindowMs : firstWindowMs;
  const askedMs = Math.min(failure.retryAfterMs ?? 0, maxAskedMs);
  const next = { attempts: attempts + 1, askedMs, windowMs: backoff(attempts + 1, firstMs, maxWindowMs) };
  return { ...next, waitedMs: waitedMs + retryMs({ ...next, waitedMs }) };
};

/** Whether it was tried for a day. */
export const isTriedForLong = ({ waitedMs }: Retry): boolean => waitedMs >= dayMs;

/** Whether to tell the user of this attempt: of the first, second, fourth, eighth and so on. */
export const isAttemptTold = (attempts: number): boolean => Number.isInteger(Math.log2(attempts));
