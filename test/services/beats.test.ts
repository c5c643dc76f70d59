import { expect, test } from 'vitest';
import { fakeClock } from '../../adapters/memory/clock.ts';
import { beatsOf } from '../../services/beats.ts';

test('one that another of the same moment ends has no more beats', () => {
  const clock = fakeClock();
  const beaten: string[] = [];
  const ends: (() => void)[] = [];
  for (const name of ['first', 'second', 'third']) {
    ends.push(
      beatsOf(clock).add(1000, () => {
        beaten.push(name);
        if (name === 'first') ends[1]?.();
      }),
    );
  }
  clock.advance(1000);
  expect(beaten).toEqual(['first', 'third']);
  for (const end of ends) end();
  expect(clock.pending).toBe(0);
});

test('beats of different intervals keep to their own, with one timer', () => {
  const clock = fakeClock();
  const moments = new Map<number, number[]>();
  const ends = [1000, 2500, 20_000].map((everyMs) => {
    const own: number[] = [];
    moments.set(everyMs, own);
    return beatsOf(clock).add(everyMs, () => void own.push(clock.monotonic()));
  });
  expect(clock.pending).toBe(1);
  clock.advance(100_000);
  for (const [everyMs, own] of moments) {
    const gaps = own.map((at, index) => at - (own[index - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(everyMs);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(everyMs * 0.95);
  }
  for (const end of ends) end();
  expect(clock.pending).toBe(0);
});

test('a beat may end itself, and begin anew at another pace', () => {
  const clock = fakeClock();
  let count = 0;
  let end = beatsOf(clock).add(1000, () => {
    count += 1;
    end();
    if (count === 1) end = beatsOf(clock).add(5000, () => void (count += 1));
  });
  clock.advance(5000);
  expect(count).toBe(1);
  clock.advance(1000);
  expect(count).toBe(2);
  end();
  expect(clock.pending).toBe(0);
});
