import { expect, test } from 'vitest';
import { backoff, timerMs } from '../../../machines/lib/delays.ts';

test('doubles from a second to a minute by itself, and between other limits', () => {
  expect([0, 1, 2, 3, 6, 7, 100].map((attempts) => backoff(attempts))).toEqual([
    1000, 1000, 2000, 4000, 32_000, 60_000, 60_000,
  ]);
  expect([1, 2, 3].map((attempts) => backoff(attempts, 5, 12))).toEqual([5, 10, 12]);
});

test('a timer is set to what it can do at most', () => {
  expect([5, 2 ** 31 - 1, 2 ** 31].map(timerMs)).toEqual([5, 2 ** 31 - 1, 2 ** 31 - 1]);
});
