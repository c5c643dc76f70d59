import type { BrokerAddress, BrokerProbe } from '../../services/last-link.ts';
import { createGate } from './gate.ts';

/** A probe whose answers a test sets. */
export interface MemoryBrokerProbe extends BrokerProbe {
  /** Result of the next probes. */
  isReachable: boolean;
  /** The addresses that were probed, in order. */
  readonly probed: readonly BrokerAddress[];
  /** Holds all probes until the returned function is called. */
  hold(): () => void;
}

/**
 * Creates a probe whose answers a test sets.
 *
 * @example
 * import { memoryBrokerProbe } from 'pepeunit-client/testing';
 *
 * const probe = memoryBrokerProbe();
 * probe.isReachable = false;
 * await probe.isThere({ scheme: 'mqtt', host: 'localhost', port: 1883 }, AbortSignal.timeout(100)); // false
 */
export const memoryBrokerProbe = (): MemoryBrokerProbe => {
  const probed: BrokerAddress[] = [];
  const held = createGate();
  const probe: MemoryBrokerProbe = {
    isReachable: true,
    probed,
    hold: held.shut,
    isThere: async (address, signal) => {
      if (signal.aborted) return false;
      probed.push(address);
      const isAborted = await Promise.race([
        held.pass().then(() => false),
        new Promise<boolean>((resolve) => signal.addEventListener('abort', () => resolve(true), { once: true })),
      ]);
      return !isAborted && probe.isReachable;
    },
  };
  return probe;
};
