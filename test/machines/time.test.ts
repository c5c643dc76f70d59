import { createActor, fromCallback, SimulatedClock } from 'xstate';
import { expect, test } from 'vitest';
import { timeMachine, type TimeFact } from '../../machines/time.ts';
import type { ClockEvent } from '../../services/clock.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';

const start = (resyncMs?: number) => {
  const clock = new SimulatedClock();
  const parent = probe<TimeFact>();
  const readOffset = gate<number>();
  const watchers: (() => void)[] = [];
  const watchClock = fromCallback<{ type: 'clock.ignore' }, undefined, ClockEvent>(({ sendBack }) => {
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
    { type: 'time.ready' },
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
    while (readOffset.runs.length === runs) {
      clock.increment(1000);
      waited += 1;
    }
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
    const began = clock.now();
    while (state().value === 'doubtful') clock.increment(1000);
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
