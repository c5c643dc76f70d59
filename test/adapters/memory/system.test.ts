import { expect, test } from 'vitest';
import { memorySystem } from '../../../adapters/memory/system.ts';
import { systemContract } from '../../contracts/system.ts';

systemContract('memory', async () => memorySystem());

test('measures what it is told, counts, and fails as told, once', async () => {
  const system = memorySystem({ mem_free: 1 });
  expect(await system.measure()).toEqual({ mem_free: 1 });
  system.metrics = {};
  expect(await system.measure()).toEqual({});
  const broken = new Error('broken');
  system.failNext(broken);
  await expect(system.measure()).rejects.toBe(broken);
  await system.measure();
  expect(system.measurements).toBe(4);
});
