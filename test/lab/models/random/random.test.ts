import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { faults } from './faults.ts';
import { kinds, takeWalk, type Step } from './walk.ts';

/** What the random walks came to. */
export interface RandomWalks {
  readonly seed: number;
  readonly walks: number;
  readonly steps: number;
  /** Steps that were faults. */
  readonly faults: number;
}

declare module 'vitest' {
  interface TaskMeta {
    random?: RandomWalks;
  }
}

/** As many steps as the lab asks for; the suite has a sample. */
const wanted = Number(process.env['LAB_STEPS'] ?? 500);
const firstSeed = Number(process.env['LAB_SEED'] ?? 1);
const longest = 100;
const walksAtOnce = 10;

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.oneof(...kinds.map(({ steps, weight }) => ({ arbitrary: fc.constantFrom(...Object.keys(steps)), weight }))),
  choice: fc.nat(41),
});
const path = fc.array(step, { minLength: 1, maxLength: longest, size: 'max' });

test('the root keeps its promises, whatever happens in whatever order', async ({ task }) => {
  const taken = { walks: 0, steps: 0, faults: 0 };
  const walk = fc.asyncProperty(path, async (steps) => {
    await takeWalk(steps);
    taken.walks += 1;
    taken.steps += steps.length;
    taken.faults += steps.filter(({ what }) => what in faults).length;
    task.meta.random = { seed: firstSeed, ...taken };
  });
  for (let seed = firstSeed; taken.steps < wanted; seed += 1)
    await fc.assert(walk, { numRuns: walksAtOnce, seed, includeErrorInReport: true });
  expect(taken.steps).toBeGreaterThanOrEqual(wanted);
}, 3_600_000);
