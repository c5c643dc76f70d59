import { expect, test } from 'vitest';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { createEpoch } from '../../../app/client/time-manager.ts';

const setUp = () => {
  const clock = fakeClock();
  return { clock, epoch: createEpoch(clock) };
};

test('after a sync no step of the system clock moves the time (M13)', () => {
  const { clock, epoch } = setUp();
  const reference = Date.UTC(2026, 5, 1);
  clock.jump(7_000_000);
  epoch.setOffset(reference);
  clock.advance(1000);
  for (const step of [-86_400_000, 3_600_000, -3_600_001]) {
    const before = epoch.epochMs();
    clock.jump(step);
    expect(epoch.epochMs()).toBe(before);
    clock.advance(1);
    expect(epoch.epochMs()).toBe(before + 1);
  }
});

test('a sync that sets the time back a little makes it stand still, one that sets it back a lot is believed', () => {
  const { clock, epoch } = setUp();
  const reference = Date.UTC(2026, 5, 1);
  epoch.setOffset(reference);
  expect(epoch.epochMs()).toBe(reference);
  epoch.setOffset(reference - 20);
  clock.advance(19);
  expect(epoch.epochMs()).toBe(reference);
  clock.advance(2);
  expect(epoch.epochMs()).toBe(reference + 1);
  epoch.setOffset(reference - 60_000);
  expect(epoch.epochMs()).toBe(reference - 60_000 + 21);
});

test('before the first sync it is the host’s time, trusted once it can be right', () => {
  const { clock, epoch } = setUp();
  clock.jump(-clock.now());
  expect([epoch.epochMs(), epoch.trustedEpochMs()]).toEqual([0, undefined]);
  clock.jump(Date.UTC(2027, 0));
  expect(epoch.trustedEpochMs()).toBe(Date.UTC(2027, 0));
});
