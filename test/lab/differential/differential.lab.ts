import { expect, test } from 'vitest';
import { compareSeeds, type Comparison } from './compare.ts';

declare module 'vitest' {
  interface TaskMeta {
    comparison?: Comparison;
  }
}

const wanted = Number(process.env['LAB_STREAMS']);
const seed = Number(process.env['LAB_SEED']);

test('the fast path makes the calls of the MQTT library', { timeout: 24 * 3_600_000 }, async ({ task }) => {
  const comparison = await compareSeeds(seed, wanted);
  task.meta.comparison = comparison;
  expect(comparison.differences).toBe(0);
  expect(comparison.streams).toBeGreaterThanOrEqual(wanted);
});
