import { describe, expect, test } from 'vitest';
import {
  canSucceedLater,
  isAttemptTold,
  isTriedForLong,
  jitteredRetry,
  noRetry,
  retriedAfter,
  retryMs,
  type Retry,
} from '../../../machines/lib/retry.ts';
import {
  failureOf,
  FirmwareError,
  RestError,
  SettingsError,
  StorageError,
  type Failure,
} from '../../../services/errors.ts';
import { timedOut } from '../../../machines/lib/failure.ts';

const status = (given: number, retryAfterMs?: number) => new RestError('status', 'No', { status: given, retryAfterMs });
const network: Failure = { name: 'RestError', code: 'network', message: 'No connection' };
const after = (attempts: number, failure: Failure): Retry =>
  attempts === 0 ? noRetry : retriedAfter(after(attempts - 1, failure), failure);

test.each<[boolean, unknown]>([
  [true, new RestError('network', 'x')],
  [true, new RestError('timeout', 'x')],
  [true, new RestError('malformed', 'a login page')],
  [true, new RestError('redirect', 'to a login page')],
  ...[401, 403, 404, 408, 425, 429, 500, 502, 503, 504].map((given): [boolean, unknown] => [true, status(given)]),
  [true, new StorageError('io', 'x')],
  ...[400, 405, 410, 413, 422].map((given): [boolean, unknown] => [false, status(given)]),
  [false, new RestError('tooLarge', 'x')],
  [false, new RestError('aborted', 'x')],
  [false, new SettingsError('invalid', 'x')],
  [false, new StorageError('tooLarge', 'x')],
  ...(['malformed', 'hostile', 'tooLarge', 'version', 'unsigned', 'space', 'io', 'digest'] as const).map(
    (code): [boolean, unknown] => [false, new FirmwareError(code, 'x')],
  ),
  [false, new Error('a bug')],
])('it is %o that %o may succeed later (U24)', (may, thrown) => {
  expect(canSucceedLater(failureOf(thrown))).toBe(may);
});

test('a step that took too long may succeed later', () => {
  expect(canSucceedLater(timedOut('The download'))).toBe(true);
});

describe('the wait before the next attempt', () => {
  const { retryAfter } = jitteredRetry(Math.random, (retry: Retry) => retry);
  const drawn = (retry: Retry) => Array.from({ length: 500 }, () => retryAfter({ context: retry }));

  test('has a window that grows from 5 s to 10 min, and is drawn from all of it', () => {
    const windows = [1, 2, 3, 4, 5, 6, 7, 8, 9, 2000].map((attempts) => after(attempts, network).windowMs / 1000);
    expect(windows).toEqual([5, 10, 20, 40, 80, 160, 320, 600, 600, 600]);
    const waits = drawn(after(8, network));
    expect(Math.min(...waits)).toBeLessThan(150_000);
    expect(Math.max(...waits)).toBeGreaterThan(450_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(600_000);
  });

  test('is a second at least', () => {
    const { retryAfter: soonest } = jitteredRetry(
      () => 0,
      (retry: Retry) => retry,
    );
    expect(soonest({ context: after(1, network) })).toBe(1000);
  });

  test('is never shorter than Retry-After, and that counts for an hour at the most', () => {
    const asked = retriedAfter(noRetry, failureOf(status(429, 30_000)));
    for (const wait of drawn(asked)) expect(wait).toBeGreaterThanOrEqual(30_000);
    expect(Math.max(...drawn(asked))).toBeLessThanOrEqual(35_000);
    expect(retriedAfter(noRetry, failureOf(status(503, Number.MAX_SAFE_INTEGER))).askedMs).toBe(3_600_000);
    expect(retriedAfter(asked, network).askedMs).toBe(0);
  });

  test('is longer after a refusal, which only somebody can lift', () => {
    expect(retryMs(after(1, failureOf(status(403))))).toBe(30_000);
    expect(after(20, failureOf(status(403))).windowMs).toBe(600_000);
  });
});

test('nothing was tried or waited for before the first failure', () => {
  expect(noRetry).toEqual({ attempts: 0, waitedMs: 0, askedMs: 0, windowMs: 0 });
});

test('a day of waits is enough', () => {
  expect(isTriedForLong({ ...noRetry, waitedMs: 86_399_999 })).toBe(false);
  expect(isTriedForLong({ ...noRetry, waitedMs: 86_400_000 })).toBe(true);
  const [almost, over] = [293, 294].map((attempts) => after(attempts, network));
  expect([almost, over].map((retry) => retry && isTriedForLong(retry))).toEqual([false, true]);
});

test("of a day's attempts less than a dozen are told", () => {
  const told = Array.from({ length: 300 }, (_, index) => index + 1).filter(isAttemptTold);
  expect(told).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256]);
});
