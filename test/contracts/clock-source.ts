import { describe, expect, test } from 'vitest';
import type { ClockSource } from '../../services/clock.ts';

/** A clock source under test. */
export interface ClockSourceBench {
  readonly source: ClockSource;
  /** What it should read, and how far off it may be, milliseconds. */
  readonly offsetMs: () => number;
  readonly withinMs: number;
  /** From now on it gets no answer. */
  readonly silence: () => void;
}

/** What every clock source does. */
export const clockSourceContract = (name: string, bench: () => Promise<ClockSourceBench>): void => {
  describe(`clock source: ${name}`, () => {
    test('reads how far the reference is ahead of the monotonic clock, again and again', async () => {
      const { source, offsetMs, withinMs } = await bench();
      for (let reading = 0; reading < 3; reading += 1) {
        const offset = await source.readOffset(new AbortController().signal);
        expect(Math.abs(offset - offsetMs())).toBeLessThanOrEqual(withinMs);
      }
    });

    test('a reading that was stopped before it began rejects', async () => {
      const { source } = await bench();
      await expect(source.readOffset(AbortSignal.abort())).rejects.toMatchObject({
        name: 'ClockError',
        code: 'aborted',
      });
    });

    test('a reading that is stopped while it waits rejects at once', async () => {
      const { source, silence } = await bench();
      silence();
      const abort = new AbortController();
      const reading = source.readOffset(abort.signal);
      setTimeout(() => abort.abort(), 30);
      await expect(reading).rejects.toMatchObject({ name: 'ClockError', code: 'aborted' });
    });

    test('several readings at a time do not mix', async () => {
      const { source, offsetMs, withinMs } = await bench();
      const signal = new AbortController().signal;
      const offsets = await Promise.all(Array.from({ length: 5 }, () => source.readOffset(signal)));
      for (const offset of offsets) expect(Math.abs(offset - offsetMs())).toBeLessThanOrEqual(withinMs);
    });
  });
};
