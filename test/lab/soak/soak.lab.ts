import { expect, test } from 'vitest';
import { soak, type Soaked } from './soak.ts';

declare module 'vitest' {
  interface TaskMeta {
    soaked?: Soaked;
  }
}

const minutes = Number(process.env['LAB_MINUTES'] ?? 10);
/** Too short a run tells nothing about a slope. */
const mostKbPerMin = minutes >= 5 ? 500 : Infinity;

test(`${minutes} minutes`, { timeout: minutes * 60_000 + 240_000 }, async ({ task }) => {
  const soaked = await soak(minutes);
  task.meta.soaked = soaked;
  expect(soaked.lost).toBe(0);
  expect(soaked.listenersEnd).toBeLessThanOrEqual(soaked.listenersStart + 5);
  expect(soaked.handlesEnd).toBeLessThanOrEqual(soaked.handlesStart + 3);
  expect(soaked.rssSlopeKbPerMin).toBeLessThan(mostKbPerMin);
});
