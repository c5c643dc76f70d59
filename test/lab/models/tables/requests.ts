import { RestError, type Failure } from '../../../../services/errors.ts';
import { refusedFirstMs, triedAgain } from './delays.ts';
import { not, unexpected, unexpectedFailure, type Consequence } from './table.ts';

/** What a context has of a request that is tried again. */
export interface Pursuing {
  readonly retry?: ReturnType<typeof triedAgain> | undefined;
}
type Failed = { readonly error: unknown };

/** Nothing has failed yet. */
export const pursued = { attempts: 0, waitedMs: 0, askedMs: 0, windowMs: 0 };

/** A way in which a request fails. */
export interface RequestFault {
  readonly error: Error;
  readonly failure: Failure;
  /** How a commanded request is tried again after it. @defaultValue it is not */
  readonly wait?: Parameters<typeof triedAgain>[1];
}

/** Each way in which a request may fail that makes a difference. */
export const requestFaults: readonly RequestFault[] = [
  { error: unexpected, failure: unexpectedFailure },
  {
    error: new RestError('network', 'No connection.'),
    failure: { name: 'RestError', code: 'network', message: 'No connection.' },
    wait: {},
  },
  {
    error: new RestError('status', 'Come back.', { status: 503, retryAfterMs: 30_000_000 }),
    failure: { name: 'RestError', code: 'status', message: 'Come back.', status: 503, retryAfterMs: 30_000_000 },
    // No longer than an hour, however long it asks for.
    wait: { askedMs: 3_600_000 },
  },
  {
    error: new RestError('status', 'No right.', { status: 403 }),
    failure: { name: 'RestError', code: 'status', message: 'No right.', status: 403 },
    wait: { firstMs: refusedFirstMs },
  },
];

/** Whether a request failed with this. */
export const failsWith =
  (fault: RequestFault) =>
  (_: unknown, { error }: Failed): boolean =>
    error === fault.error;

/** Whether a command stands that was not tried for a whole day. */
export const isPursued = ({ retry }: Pursuing): boolean => retry !== undefined && retry.waitedMs < 24 * 3_600_000;

export const hasFailedBefore = ({ retry }: Pursuing): boolean => retry !== undefined && retry.attempts > 0;

/** How long it is waited before a request is tried again, on average. */
export const waitMs = ({ retry = pursued }: Pursuing): number => Math.max(1_000, retry.askedMs + retry.windowMs / 2);

/** Both hold. */
export const both =
  <TContext, TEvent>(one: (context: TContext, event: TEvent) => boolean, other: (context: TContext) => boolean) =>
  (context: TContext, event: TEvent): boolean =>
    one(context, event) && other(context);

/** What follows each way in which a refresh fails, by whether its command still stands. */
export const refreshFailures = <TContext>({
  goesOn,
  postponed,
  refreshFailed,
}: {
  readonly goesOn: (context: TContext) => boolean;
  readonly postponed: (failure: Failure, wait: RequestFault['wait']) => Consequence<TContext>;
  readonly refreshFailed: (failure: Failure) => Consequence<TContext>;
}): Consequence<TContext>[] =>
  requestFaults.flatMap((fault): Consequence<TContext>[] => {
    const { failure, wait } = fault;
    const fails = failsWith(fault);
    if (!wait) return [{ ...refreshFailed(failure), when: fails }];
    return [
      { ...postponed(failure, wait), when: both(fails, goesOn) },
      { ...refreshFailed(failure), when: both(fails, not(goesOn)) },
    ];
  });
