import { expect, test } from 'vitest';
import { compare } from './compare.ts';

test('whatever bytes come, in whatever chunks, the fast path makes the calls of the MQTT library (M5)', async () => {
  const results = await Promise.all(Array.from({ length: 200 }, (_, at) => compare(at + 1)));
  expect(results.flatMap(({ differences }) => differences)).toEqual([]);
  expect(results.reduce((sum, { streams }) => sum + streams, 0)).toBe(1000);
});
