import { expect, test } from 'vitest';
import { extraMs } from '../../../../adapters/shared/mqtt/allowance.ts';

test.each([
  ['a small message', 200, Infinity, 0],
  ['8 KB on a link that has shown no rate', 8000, Infinity, 32_000],
  ['8 KB on a slow link', 8000, 500, 16_000],
  ['8 KB on a link that once stood still', 8000, 1, 32_000],
  ['8 KB on a fast link', 8000, 1_000_000, 0],
  ['1 MB on a fast link', 1_000_000, 100_000, 10_000],
])('extra time for %s (M20)', (_what, bytes, rate, ms) => {
  expect(extraMs(bytes, rate)).toBe(ms);
});
