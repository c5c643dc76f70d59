import { createActor, fromCallback, SimulatedClock } from 'xstate';
import { expect, test } from 'vitest';
import { jitteredTimeDelays, timeMachine, type TimeFact } from '../../machines/time.ts';
import type { ClockEvent } from '../../services/clock.ts';
import type { OfUnit } from '../../services/finder.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';

const start = (resyncMs?: number) => {
  const clock = new SimulatedClock();
  const parent = probe<TimeFact>();
  const readOffset = gate<number>();
  const watchers: (() => void)[] = [];
  const watchClock = fromCallback<{ type: 'clock.ignore' }, OfUnit, ClockEvent>(({ sendBack }) => {
    watchers.push(() => sendBack({ type: 'clock.moved' }));
  });
  const actor = createActor(timeMachine.provide({ actors: { readOffset: readOffset.logic, watchClock } }), {
    clock,
    input: { parent: parent.ref, ...(resyncMs !== undefined && { resyncMs }) },
  }).start();
  return { actor, clock, parent, readOffset, move: () => watchers.at(-1)?.(), state: () => actor.getSnapshot() };
};

test('syncs when the network comes up, and again after an hour', async () => {
  const { actor, clock, parent, readOffset, state } = start();
  actor.send({ type: 'network.up' });
  await readOffset.resolve(1);
  clock.increment(3_599_999);
  expect(state().value).toBe('synced');
  clock.increment(1);
  await readOffset.resolve(2);
  expect(parent.facts).toEqual([
    { type: 'time.synced', offsetMs: 1 },
    { type: 'time.synced', offsetMs: 2 },
  ]);
});

test('keeps the offset when the network goes, and drops the reading', async () => {
  const { actor, readOffset, state } = start();
  actor.send({ type: 'network.up' });
  await readOffset.resolve(7);
  actor.send({ type: 'time.sync' });
  actor.send({ type: 'network.down' });
  expect(readOffset.last().signal.aborted).toBe(true);
  expect(state().value).toBe('stale');
  expect(state().context.offsetMs).toBe(7);
});

test('waits longer after each failure, up to a minute', async () => {
  const { actor, clock, readOffset, parent } = start();
  actor.send({ type: 'network.up' });
  const waits: number[] = [];
  for (let attempt = 0; attempt < 8; attempt += 1) {
    await readOffset.reject(failing('network'));
    const runs = readOffset.runs.length;
    let waited = 0;
    for (; readOffset.runs.length === runs && waited < 100; waited += 1) clock.increment(1000);
    waits.push(waited);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(parent.facts.filter(({ type }) => type === 'time.failed')).toHaveLength(8);
});

test('that no reading succeeds is told after 1, 10 and 60 minutes, and not each time (L7)', async () => {
  const { actor, clock, readOffset, parent } = start();
  actor.send({ type: 'network.up' });
  const told: number[] = [];
  const begun = clock.now();
  const failAll = async (minutes: number) => {
    const end = begun + minutes * 60_000;
    while (clock.now() < end) {
      if (readOffset.runs.length > 0 && !readOffset.last().signal.aborted)
        await readOffset.reject(failing('network')).catch(() => undefined);
      const before = parent.facts.length;
      clock.increment(1000);
      for (const fact of parent.facts.slice(before)) {
        if (fact.type === 'time.unsynced') told.push((clock.now() - begun) / 60_000);
      }
    }
  };
  await failAll(180);
  expect(told).toEqual([1, 10, 60]);
  expect(parent.facts.filter(({ type }) => type === 'time.unsynced')).toMatchObject(
    [1, 10, 60].map((minutes) => ({ minutes, failure: { code: 'network' } })),
  );
  actor.send({ type: 'time.sync' });
  await readOffset.resolve(1);
  clock.increment(3_500_000);
  expect(parent.facts.at(-1)).toEqual({ type: 'time.synced', offsetMs: 1 });
});

test('a reading that never ends is given up', async () => {
  const { actor, clock, parent, readOffset, state } = start();
  actor.send({ type: 'network.up' });
  clock.increment(15_000);
  await settle();
  expect(readOffset.last().signal.aborted).toBe(true);
  expect(state().value).toEqual({ seeking: 'waiting' });
  expect(parent.facts.at(-1)).toMatchObject({ type: 'time.failed', failure: { code: 'timeout' } });
});

test('a sync asked for works from every state and is not doubled', async () => {
  const { actor, readOffset, state } = start();
  actor.send({ type: 'time.sync' });
  expect(state().value).toEqual({ seeking: 'syncing' });
  actor.send({ type: 'time.sync' });
  expect(readOffset.runs).toHaveLength(1);
  await readOffset.reject(failing('network'));
  expect(state().value, 'there is no network: no retries').toBe('stale');
  actor.send({ type: 'network.up' });
  await readOffset.reject(failing('network'));
  expect(state().value).toEqual({ seeking: 'waiting' });
  actor.send({ type: 'time.sync' });
  await readOffset.resolve(3);
  actor.send({ type: 'time.sync' });
  expect(readOffset.runs).toHaveLength(4);
});

test('an interval longer than a timer can be does not sync all the time', async () => {
  const { actor, clock, readOffset } = start(5_000_000_000);
  actor.send({ type: 'network.up' });
  await readOffset.resolve(0);
  clock.increment(2_147_483_646);
  expect(readOffset.runs).toHaveLength(1);
});

test('reads again soon after the clocks of the host moved apart, later each time, and soon again after an hour of calm (M13)', async () => {
  const { actor, clock, move, readOffset, state } = start();
  actor.send({ type: 'network.up' });
  await readOffset.resolve(0);
  const waitAfterMove = async () => {
    move();
    expect(state().value).toBe('doubtful');
    const [began, runs] = [clock.now(), readOffset.runs.length];
    for (let waited = 0; state().value === 'doubtful' && waited < 100; waited += 1) clock.increment(1000);
    expect(readOffset.runs).toHaveLength(runs + 1);
    await readOffset.resolve(1);
    expect(state().value).toBe('synced');
    return (clock.now() - began) / 1000;
  };
  const waits: number[] = [];
  for (let moves = 0; moves < 8; moves += 1) waits.push(await waitAfterMove());
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  clock.increment(3_600_000);
  await readOffset.resolve(2);
  expect(await waitAfterMove()).toBe(1);
});

test('a reading that succeeded ends the growth of the waits', async () => {
  const { actor, clock, readOffset, state } = start();
  actor.send({ type: 'network.up' });
  for (const waitMs of [1000, 2000]) {
    await readOffset.reject(failing('network'));
    clock.increment(waitMs);
  }
  await readOffset.resolve(1);
  actor.send({ type: 'time.sync' });
  await readOffset.reject(failing('network'));
  clock.increment(1000);
  expect(state().value).toEqual({ seeking: 'syncing' });
});

test('a reading that never ends counts as a failure', () => {
  const { actor, clock, state } = start();
  actor.send({ type: 'network.up' });
  for (const waitMs of [1000, 2000, 4000]) {
    clock.increment(15_000);
    clock.increment(waitMs - 1);
    expect(state().value).toEqual({ seeking: 'waiting' });
    clock.increment(1);
    expect(state().value).toEqual({ seeking: 'syncing' });
  }
});

test('a network that comes or went during a reading decides what a failure leads to', async () => {
  const comes = start();
  comes.actor.send({ type: 'time.sync' });
  comes.actor.send({ type: 'network.up' });
  await comes.readOffset.reject(failing('network'));
  expect(comes.state().value).toEqual({ seeking: 'waiting' });
  const went = start();
  went.actor.send({ type: 'network.up' });
  went.actor.send({ type: 'network.down' });
  went.actor.send({ type: 'time.sync' });
  await went.readOffset.reject(failing('network'));
  expect(went.state().value).toBe('stale');
});

test('a doubtful time is read at once on request', async () => {
  const { actor, move, readOffset, state } = start();
  actor.send({ type: 'network.up' });
  await readOffset.resolve(0);
  move();
  actor.send({ type: 'time.sync' });
  expect(state().value).toEqual({ seeking: 'syncing' });
  expect(readOffset.runs).toHaveLength(2);
});

test('clocks that can not be watched make the time doubtful, later each time', async () => {
  const parent = probe<TimeFact>();
  const [clock, readOffset] = [new SimulatedClock(), gate<number>()];
  const machine = timeMachine.provide({ actors: { readOffset: readOffset.logic } });
  const actor = createActor(machine, { clock, input: { parent: parent.ref } }).start();
  actor.send({ type: 'network.up' });
  for (const waitMs of [1000, 2000, 4000]) {
    await readOffset.resolve(0);
    await settle();
    expect(actor.getSnapshot().value).toBe('doubtful');
    clock.increment(waitMs - 1);
    expect(actor.getSnapshot().value).toBe('doubtful');
    clock.increment(1);
    expect(actor.getSnapshot().value).toEqual({ seeking: 'syncing' });
  }
});

test.each([
  { random: 0, retryMs: 1000, resyncMs: 3_600_000 },
  { random: 0.5, retryMs: 1250, resyncMs: 3_510_000 },
])('units of one process spread their readings: with $random drawn', async ({ random, retryMs, resyncMs }) => {
  const clock = new SimulatedClock();
  const readOffset = gate<number>();
  const spread = timeMachine.provide({
    actors: { readOffset: readOffset.logic, watchClock: fromCallback(() => undefined) },
    delays: jitteredTimeDelays(() => random),
  });
  const actor = createActor(spread, { clock, input: {} }).start();
  const state = () => actor.getSnapshot();
  actor.send({ type: 'network.up' });
  await readOffset.reject(failing('network'));
  clock.increment(retryMs - 1);
  expect(state().matches({ seeking: 'waiting' })).toBe(true);
  clock.increment(1);
  await readOffset.resolve(7);
  clock.increment(resyncMs - 1);
  expect(state().matches('synced')).toBe(true);
  clock.increment(1);
  expect(state().matches('seeking')).toBe(true);
});
