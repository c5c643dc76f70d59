import { assign, createActor, fromPromise, setup, toPromise } from 'xstate';
import { expect, test } from 'vitest';
import { fakeClock } from '../../adapters/memory/clock.ts';
import { timeMachine } from '../../machines/time.ts';
import { readOffset, watchClock, type ClockSource } from '../../services/clock.ts';
import { settle } from '../support/until.ts';

/** Follows a clock like the time machine of a unit. @returns How often it heard that the clock moved, and how to leave. */
const follow = (clock = fakeClock()) => {
  let moves = 0;
  const machine = setup({
    actors: { watchClock: watchClock(clock) },
    actions: { count: () => void (moves += 1) },
  }).createMachine({
    invoke: { src: 'watchClock', input: {} },
    on: { 'clock.moved': { actions: ['count'] } },
  });
  const actor = createActor(machine).start();
  return { moves: () => moves, leave: () => actor.stop() };
};

test('all units that follow one clock have one timer for it, and each hears that it moved', () => {
  const clock = fakeClock();
  const units = [follow(clock), follow(clock)];
  expect(clock.pending).toBe(1);
  clock.advance(30_000);
  expect(clock.pending).toBe(1);
  clock.jump(6_000);
  clock.advance(10_000);
  expect(units.map(({ moves }) => moves())).toEqual([1, 1]);
  expect(clock.pending).toBe(0);
});

test('each unit counts from when it began to follow', () => {
  const clock = fakeClock();
  const first = follow(clock);
  clock.jump(4_000);
  const second = follow(clock);
  clock.jump(4_000);
  clock.advance(10_000);
  expect([first.moves(), second.moves()]).toEqual([1, 0]);
  clock.jump(-4_000);
  clock.advance(10_000);
  clock.jump(6_000);
  clock.advance(10_000);
  expect([first.moves(), second.moves()]).toEqual([1, 1]);
});

test('the timer ends with the last unit, and one that leaves takes none along', () => {
  const clock = fakeClock();
  const [first, second] = [follow(clock), follow(clock)];
  first.leave();
  clock.jump(6_000);
  clock.advance(10_000);
  expect([first.moves(), second.moves()]).toEqual([0, 1]);
  const third = follow(clock);
  third.leave();
  expect(clock.pending).toBe(0);
});

test('units with clocks of their own are told of their own alone', () => {
  const clock = fakeClock();
  const [unit, other] = [follow(clock), follow()];
  clock.jump(6_000);
  clock.advance(10_000);
  expect([unit.moves(), other.moves()]).toEqual([1, 0]);
});

test.each([[undefined], [Number.NaN], [Infinity], ['5']])(
  'a clock source that gives %s is named, and its reading is none',
  async (given) => {
    const source: ClockSource = { readOffset: async () => given as number };
    const reading = createActor(readOffset(source)).start();
    await expect(toPromise(reading)).rejects.toMatchObject({
      name: 'ClockError',
      code: 'malformed',
      message: `readOffset() of the clockSource adapter gave ${given}. It must give a finite number of milliseconds. Correct the adapter.`,
    });
  },
);

test('a time machine that fails leaves its clock', async () => {
  const clock = fakeClock();
  const machine = timeMachine.provide({
    actors: { readOffset: fromPromise(async () => 5), watchClock: watchClock(clock) },
    actions: {
      noteNoNetwork: assign(() => {
        throw new Error('a defect');
      }),
    },
  });
  const actor = createActor(machine, { clock, input: {} });
  actor.subscribe({ error: () => undefined });
  actor.start().send({ type: 'network.up' });
  await settle();
  expect(actor.getSnapshot().value).toBe('synced');
  actor.send({ type: 'network.down' });
  expect(actor.getSnapshot().status).toBe('error');
  expect(clock.pending).toBe(0);
});
