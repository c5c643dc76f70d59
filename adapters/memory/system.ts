import type { System, SystemMetrics } from '../../services/system.ts';
import { createFailures } from './failures.ts';

/** A host whose metrics a test sets. */
export interface MemorySystem extends System {
  /** Result of the next measurements. */
  metrics: SystemMetrics;
  /** Number of measurements. */
  readonly measurements: number;
  /** Fails the next measurement with this error, which a correct adapter never does. */
  failNext(error: Error): void;
}

/** Metrics of a small board on a home network. */
export const sampleMetrics: SystemMetrics = {
  mem_free: 150_000,
  mem_alloc: 50_000,
  freq: 160_000_000,
  statvfs: [4096, 4096, 512, 256, 256, 0, 0, 0, 0, 255],
  ifconfig: ['192.168.1.20', '255.255.255.0', '192.168.1.1', '192.168.1.1'],
};

/**
 * Creates a host with metrics that a test sets.
 *
 * @param metrics Initial metrics.
 * @example
 * import { memorySystem, sampleMetrics } from 'pepeunit-client/testing';
 *
 * const system = memorySystem({ ...sampleMetrics, mem_free: 1_024 });
 * const { mem_free: free } = await system.measure();
 */
export const memorySystem = (metrics: SystemMetrics = sampleMetrics): MemorySystem => {
  const failing = createFailures<'measure'>();
  let measurements = 0;
  const system: MemorySystem = {
    metrics,
    get measurements() {
      return measurements;
    },
    failNext: (error) => failing.add('measure', error),
    measure: async () => {
      measurements += 1;
      failing.check('measure');
      return { ...system.metrics };
    },
  };
  return system;
};
