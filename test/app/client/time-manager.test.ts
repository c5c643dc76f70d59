import { expect, test } from 'vitest';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { Epoch } from '../../../app/client/api/time-manager.ts';
import { createTestUnit, type TestUnit } from '../../../app/testing.ts';
import { settle } from '../../support/until.ts';

const setUp = () => {
  const clock = fakeClock();
  return { clock, epoch: new Epoch(clock) };
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

/** Lets time pass in steps small enough for what each brings about. */
const pass = async ({ clock }: TestUnit['world'], seconds: number) => {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1000);
    await settle();
  }
};

test('a suspend costs a unit its time for seconds, not until the hourly reading, without any call (M13)', async () => {
  const { client, world } = createTestUnit();
  await client.ready();
  await settle();
  expect(world.clockSource.reads).toBe(1);
  await pass(world, 60);
  // Eight hours in which the monotonic clock stands still, as do the timers; then the link is found dead.
  world.clock.jump(28_800_000);
  world.clockSource.offsetMs += 28_800_000;
  world.broker.cut();
  await pass(world, 12);
  expect(client.timeManager.getEpochMs()).toBe(world.clock.now());
  await pass(world, 600);
  expect(world.clockSource.reads).toBe(2);
  await client.stopMainCycle();
});

test('a step of the system clock alone moves no timestamp, and brings one reading (M13)', async () => {
  const { client, world } = createTestUnit();
  await client.ready();
  await settle();
  const [before, beganAt] = [client.timeManager.getEpochMs(), world.clock.monotonic()];
  world.clock.jump(-86_400_000);
  await pass(world, 600);
  expect(client.timeManager.getEpochMs() - before).toBe(world.clock.monotonic() - beganAt);
  expect(world.clockSource.reads).toBe(2);
  await client.stopMainCycle();
});

test('a clock that is set all the time does not make the unit ask all the time (M13)', async () => {
  const { client, world } = createTestUnit();
  await client.ready();
  for (let round = 0; round < 360; round += 1) {
    world.clock.jump(7000);
    await pass(world, 10);
  }
  expect(world.clockSource.reads).toBeLessThan(70);
  await client.stopMainCycle();
});
