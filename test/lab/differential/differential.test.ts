import { expect, test } from 'vitest';
import { compareSeeds } from './compare.ts';

test('whatever bytes come, in whatever chunks, the fast path makes the calls of the MQTT library (M5)', async () => {
  expect(await compareSeeds(1, 500)).toEqual({ streams: 500, differences: 0, first: [] });
});
