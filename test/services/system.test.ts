import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { memorySystem } from '../../adapters/memory/system.ts';
import { nodeSystem } from '../../adapters/node/system.ts';
import { fakeClock } from '../../adapters/memory/clock.ts';
import { createStateMeasurement, type System, type SystemMetrics } from '../../services/system.ts';
import { settle } from '../support/until.ts';

/** Measures by this system, and keeps what it warns of. */
const measuring = (system: System, epochMs = () => 5) => {
  const clock = fakeClock();
  const warnings: string[] = [];
  const measure = createStateMeasurement({ system, clock, epochMs, warn: (message) => warnings.push(message) });
  return { measure, clock, warnings };
};

test('whatever a system measures, a report has finite numbers, lists of the right length, and the version (P1)', async () => {
  const anything = fc.oneof(fc.double(), fc.string(), fc.array(fc.double(), { maxLength: 12 }), fc.anything());
  const metrics = fc.record(
    { mem_free: anything, mem_alloc: anything, freq: anything, statvfs: anything, ifconfig: anything, other: anything },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(metrics, async (measured) => {
      const report = await measuring(memorySystem(measured as SystemMetrics), () => 1.4).measure('v1');
      const { millis, pu_commit_version: version, statvfs = [], ifconfig = [], ...figures } = report;
      expect([millis, version]).toEqual([1, 'v1']);
      expect(Object.values(figures).every((figure) => Number.isFinite(figure))).toBe(true);
      expect([0, 10]).toContain(statvfs.length);
      expect(statvfs.every((figure) => Number.isFinite(figure))).toBe(true);
      expect([0, 4]).toContain(ifconfig.length);
      expect(ifconfig.every((address) => typeof address === 'string')).toBe(true);
    }),
  );
});

test('sound figures are told as they are; this host’s are (P1)', async () => {
  const metrics = {
    mem_free: 1,
    mem_alloc: 0,
    freq: 2,
    statvfs: Array.from({ length: 10 }, () => 3),
    ifconfig: ['', '', '', ''],
  };
  const { measure, warnings } = measuring(memorySystem(metrics));
  expect(await measure('v')).toEqual({ millis: 5, ...metrics, pu_commit_version: 'v' });
  const system = nodeSystem();
  const host = measuring(system);
  expect(Object.keys(await host.measure('v'))).toEqual(
    expect.arrayContaining([
      'mem_free',
      'mem_alloc',
      'statvfs',
      'pu_commit_version',
      ...Object.keys(await system.measure()),
    ]),
  );
  expect([warnings, host.warnings]).toEqual([[], []]);
});

const bare = { millis: 5, pu_commit_version: 'v' };

test.each<[string, () => unknown, string]>([
  ['rejects', () => Promise.reject(new Error('the bus hangs')), 'the bus hangs'],
  [
    'throws at once',
    () => {
      throw new Error('no sensor');
    },
    'no sensor',
  ],
  [
    'gives nothing',
    () => undefined,
    'measure() of the system adapter gave undefined. It must give an object of metrics. Correct the adapter.',
  ],
  [
    'gives a text',
    async () => 'fine',
    'measure() of the system adapter gave fine. It must give an object of metrics. Correct the adapter.',
  ],
])('a measure() that %s costs only the metrics, and is told once', async (_, outcome, why) => {
  const { measure, warnings } = measuring({ measure: outcome as System['measure'] });
  expect([await measure('v'), await measure('v')]).toEqual([bare, bare]);
  expect(warnings).toEqual([`The state report goes without metrics of the host: ${why}`]);
});

test('a measure() that never settles is waited for five seconds, and leaves no timer', async () => {
  const { measure, clock, warnings } = measuring({ measure: () => new Promise(() => undefined) });
  const measured = measure('v');
  await settle();
  clock.advance(5000);
  expect(await measured).toEqual(bare);
  expect(warnings).toEqual([
    'The state report goes without metrics of the host: measure() of the system adapter did not end within 5000 ms. Correct the adapter.',
  ]);
  expect(clock.pending).toBe(0);
});

test('a metric that is none is left out and named once; one that the host has not, is not', async () => {
  const metrics = { mem_free: Number.NaN, mem_alloc: -1, freq: '80 MHz', statvfs: [1, 2], ifconfig: undefined };
  const { measure, clock, warnings } = measuring(memorySystem(metrics as unknown as SystemMetrics));
  expect([await measure('v'), await measure('v')]).toEqual([bare, bare]);
  expect(warnings).toEqual([
    'The state report goes without mem_free: mem_free in measure() of the system adapter gave NaN. It must give a finite number from 0 on. Correct the adapter.',
    'The state report goes without mem_alloc: mem_alloc in measure() of the system adapter gave -1. It must give a finite number from 0 on. Correct the adapter.',
    'The state report goes without freq: freq in measure() of the system adapter gave 80 MHz. It must give a finite number from 0 on. Correct the adapter.',
    'The state report goes without statvfs: statvfs in measure() of the system adapter gave [1,2]. It must give ten finite numbers from 0 on. Correct the adapter.',
  ]);
  expect(clock.pending).toBe(0);
});
