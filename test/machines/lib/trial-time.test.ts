import { expect, test } from 'vitest';
import { hasTimeLeft, trialDelays } from '../../../machines/lib/trial-time.ts';

const delays = trialDelays(({ ms }: { ms: number }) => ms);

test('a trial has four parts', () => {
  expect([0, 3, 4, 5].map((spent) => hasTimeLeft({ spent }))).toEqual([true, true, false, false]);
});

test('each lasts a quarter, and half as long with every start after the last', () => {
  const parts = [0, 1, 4, 5, 6, 7].map((spent) => delays.partAfter({ context: { ms: 400, spent } }));
  expect(parts).toEqual([100, 100, 100, 100, 50, 25]);
  expect(delays.askAgainAfter({ context: { ms: 400 } })).toBe(100);
  expect(delays.judgeAgainAfter({ context: { ms: 400 } })).toBe(400);
});

test('none lasts less than a millisecond', () => {
  expect(delays.partAfter({ context: { ms: 0, spent: 60 } })).toBe(1);
  expect(delays.partAfter({ context: { ms: 400, spent: 60 } })).toBe(1);
  expect(delays.askAgainAfter({ context: { ms: 0 } })).toBe(1);
  expect(delays.judgeAgainAfter({ context: { ms: 0 } })).toBe(1);
});
