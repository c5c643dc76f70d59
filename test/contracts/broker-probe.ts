import { describe, expect, test } from 'vitest';
import type { BrokerAddress, BrokerProbe } from '../../services/last-link.ts';

/** A probe under test. */
export interface BrokerProbeBench {
  readonly probe: BrokerProbe;
  /** Address of a broker that answers. */
  readonly address: BrokerAddress;
  /** From now on that broker says nothing, though it is there. */
  readonly silence: () => void | Promise<void>;
  /** From now on there is no broker at the address. */
  readonly remove: () => void | Promise<void>;
}

const never = new AbortController().signal;

/** What every probe of a broker does. */
export const brokerProbeContract = (name: string, bench: () => Promise<BrokerProbeBench>): void => {
  describe(`broker probe: ${name}`, () => {
    test('finds a broker, again and again (U11)', async () => {
      const { probe, address } = await bench();
      for (let count = 0; count < 3; count += 1) expect(await probe.isThere(address, never)).toBe(true);
    });

    test('finds none where the broker has gone (U11)', async () => {
      const { probe, address, remove } = await bench();
      await remove();
      expect(await probe.isThere(address, never)).toBe(false);
    });

    test('a probe that is stopped before or while it waits finds none', async () => {
      const { probe, address, silence } = await bench();
      await silence();
      expect(await probe.isThere(address, AbortSignal.abort())).toBe(false);
      const abort = new AbortController();
      const probing = probe.isThere(address, abort.signal);
      setTimeout(() => abort.abort(), 30);
      expect(await probing).toBe(false);
    });

    test('several probes at a time do not mix', async () => {
      const { probe, address } = await bench();
      const answers = await Promise.all(Array.from({ length: 5 }, () => probe.isThere(address, never)));
      expect(answers).toEqual([true, true, true, true, true]);
    });
  });
};
