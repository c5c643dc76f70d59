import { describe, expect, test } from 'vitest';
import type { System } from '../../services/system.ts';

const names = ['mem_free', 'mem_alloc', 'freq', 'statvfs', 'ifconfig'];

/** What every system adapter does (P1). */
export const systemContract = (name: string, make: () => Promise<System>): void => {
  describe(`system: ${name}`, () => {
    test('gives finite figures of the report’s own names, and leaves out what it can’t tell (P1)', async () => {
      const metrics = await (await make()).measure();
      for (const [key, value] of Object.entries(metrics)) {
        expect(names).toContain(key);
        expect(value).toBeDefined();
      }
      for (const figure of [metrics.mem_free, metrics.mem_alloc, metrics.freq]) {
        if (figure === undefined) continue;
        expect(Number.isFinite(figure)).toBe(true);
        expect(figure).toBeGreaterThanOrEqual(0);
      }
      expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics);
    });

    test('statvfs has ten numbers that fit each other (P1)', async () => {
      const { statvfs } = await (await make()).measure();
      if (!statvfs) return;
      expect(statvfs).toHaveLength(10);
      expect(statvfs.every((figure) => Number.isFinite(figure) && figure >= 0)).toBe(true);
      const [, , blocks = 0, free = 0, available = 0] = statvfs;
      expect(free).toBeLessThanOrEqual(blocks);
      expect(available).toBeLessThanOrEqual(free);
    });

    test('ifconfig has four addresses (P1)', async () => {
      const { ifconfig } = await (await make()).measure();
      if (!ifconfig) return;
      expect(ifconfig).toHaveLength(4);
      for (const address of ifconfig) expect(address).toMatch(/^\d{1,3}(\.\d{1,3}){3}$/);
    });

    test('measures again and again, also at the same time', async () => {
      const system = await make();
      const all = await Promise.all([system.measure(), system.measure(), system.measure()]);
      for (const metrics of all) expect(Object.keys(metrics)).toEqual(Object.keys(all[0]));
    });
  });
};
