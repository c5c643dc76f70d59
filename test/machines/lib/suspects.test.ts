import { expect, test } from 'vitest';
import { clearSuspects, countEnds, endsOver, giveLastChance, isPoison } from '../../../machines/lib/suspects.ts';

const suspects = countEnds(countEnds([], ['a', 'b']), ['b', 'c']);

test('counts the ended links of each topic', () => {
  expect(suspects).toEqual([
    { topic: 'a', ends: 1 },
    { topic: 'b', ends: 2 },
    { topic: 'c', ends: 1 },
  ]);
  expect(['a', 'b', 'd'].map((topic) => endsOver(suspects, topic))).toEqual([1, 2, 0]);
});

test('forgets what was answered', () => {
  expect(clearSuspects(suspects, ['b', 'd'])).toEqual([
    { topic: 'a', ends: 1 },
    { topic: 'c', ends: 1 },
  ]);
});

test('blames a topic for enough of them, and no other', () => {
  expect(['a', 'b', 'd'].map((topic) => isPoison(suspects, topic, 2))).toEqual([false, true, false]);
});

test('one more is enough after the last chance', () => {
  const last = giveLastChance(suspects, ['d'], 3);
  expect(last).toEqual([...suspects, { topic: 'd', ends: 2 }]);
  expect(isPoison(countEnds(last, ['d']), 'd', 3)).toBe(true);
});
