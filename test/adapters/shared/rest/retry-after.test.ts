import { expect, test } from 'vitest';
import { retryAfterOf } from '../../../../adapters/shared/rest/retry-after.ts';
import { errorOf, failureOf, RestError } from '../../../../services/errors.ts';
import { envFailure } from '../../../support/rest-calls.ts';

const nowMs = Date.parse('Sat, 28 Nov 2026 22:00:00 GMT');
const read = (headers: Record<string, string>) => retryAfterOf({ headers: new Headers(headers) }, nowMs);

test.each<[string, number | undefined]>([
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7000],
  ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
  ['Sat, 28 Nov 2026 22:00:30 GMT', 30_000],
  ['Sat, 28 Nov 2026 21:00:00 GMT', 0],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['soon GMT', undefined],
  ['', undefined],
])('Retry-After: %j means %o ms', (value, ms) => expect(read({ 'retry-after': value })).toBe(ms));

test("a date is compared with the answer's own date, as the clock of the host may be wrong", () => {
  const date = 'Tue, 01 Jan 2030 00:00:00 GMT';
  expect(read({ 'retry-after': 'Tue, 01 Jan 2030 00:00:10 GMT', date })).toBe(10_000);
  expect(read({ 'retry-after': 'Tue, 01 Jan 2030 00:00:10 GMT', date: 'today' })).toBeGreaterThan(10_000);
  expect(read({})).toBeUndefined();
});

test('it is data of the error, of its failure, and of the error made of that', async () => {
  const error = await envFailure((_, response) => response.writeHead(429, { 'retry-after': '3' }).end());
  expect(error).toMatchObject({ status: 429, retryAfterMs: 3000 });
  const failure = failureOf(error);
  expect(JSON.parse(JSON.stringify(failure))).toMatchObject({ code: 'status', status: 429, retryAfterMs: 3000 });
  expect(errorOf(failure)).toBeInstanceOf(RestError);
  expect(errorOf(failure)).toMatchObject({ status: 429, retryAfterMs: 3000 });
});
