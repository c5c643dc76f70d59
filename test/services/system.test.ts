import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { memorySystem } from '../../adapters/memory/system.ts';
import { nodeSystem } from '../../adapters/node/system.ts';
import { measureState, type SystemMetrics } from '../../services/system.ts';

test('whatever a system measures, a report has finite numbers, lists of the right length, and the version (P1)', async () => {
  const anything = fc.oneof(fc.double(), fc.string(), fc.array(fc.double(), { maxLength: 12 }), fc.anything());
  const metrics = fc.record(
    { mem_free: anything, mem_alloc: anything, freq: anything, statvfs: anything, ifconfig: anything, other: anything },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(metrics, async (measured) => {
      const report = await measureState(memorySystem(measured as SystemMetrics), () => 1.4, 'v1');
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
  expect(await measureState(memorySystem(metrics), () => 5, 'v')).toEqual({
    millis: 5,
    ...metrics,
    pu_commit_version: 'v',
  });
  const system = nodeSystem();
  expect(Object.keys(await measureState(system, () => 5, 'v'))).toEqual(
    expect.arrayContaining([
      'mem_free',
      'mem_alloc',
      'statvfs',
      'pu_commit_version',
      ...Object.keys(await system.measure()),
    ]),
  );
});
