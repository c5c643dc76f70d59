import { describe, expect, test } from 'vitest';
import type { Clock } from '../../services/clock.ts';

/** A clock under test, and how to let time pass on it. */
export interface ClockBench {
  readonly clock: Clock;
  readonly pass: (ms: number) => void | Promise<void>;
}

/** What every clock does; the times are long enough for a busy machine. */
export const clockContract = (name: string, bench: () => ClockBench): void => {
  describe(`clock: ${name}`, () => {
    test('tells wall time in Unix milliseconds', () => {
      expect(bench().clock.now()).toBeGreaterThan(Date.UTC(2025, 0));
    });

    test('wall and monotonic time go on, the latter never back', async () => {
      const { clock, pass } = bench();
      const [now, monotonic] = [clock.now(), clock.monotonic()];
      await pass(50);
      expect(clock.now()).toBeGreaterThan(now);
      expect(clock.monotonic()).toBeGreaterThanOrEqual(monotonic + 40);
    });

    test('fires once, not before it is due, in order', async () => {
      const { clock, pass } = bench();
      const fired: string[] = [];
      const start = clock.monotonic();
      clock.setTimeout(() => fired.push('late'), 60);
      clock.setTimeout(() => {
        fired.push('early');
        expect(clock.monotonic() - start).toBeGreaterThanOrEqual(18);
      }, 20);
      expect(fired).toEqual([]);
      await pass(200);
      await pass(200);
      expect(fired).toEqual(['early', 'late']);
    });

    test('what is cleared does not fire; clearing again, or nothing, does no harm', async () => {
      const { clock, pass } = bench();
      const fired: string[] = [];
      const id = clock.setTimeout(() => fired.push('cleared'), 10);
      clock.setTimeout(() => fired.push('kept'), 10);
      clock.clearTimeout(id);
      clock.clearTimeout(id);
      clock.clearTimeout(undefined);
      await pass(100);
      expect(fired).toEqual(['kept']);
    });
  });
};
