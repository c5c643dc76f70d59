import { expect, test } from 'vitest';
import { createActor, setup } from 'xstate';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { clockContract } from '../../contracts/clock.ts';

clockContract('fake', () => {
  const clock = fakeClock();
  return { clock, pass: (ms) => clock.advance(ms) };
});

test('starts where it is told to', () => {
  const clock = fakeClock(Date.UTC(2030, 0));
  expect(clock.now()).toBe(Date.UTC(2030, 0));
  expect(clock.monotonic()).toBe(0);
});

test('each timer fires at its own moment, those of one moment in the order they were set', () => {
  const clock = fakeClock(0);
  const fired: [string, number][] = [];
  const note = (name: string) => () => void fired.push([name, clock.now()]);
  clock.setTimeout(note('c'), 30);
  clock.setTimeout(note('a'), 10);
  clock.setTimeout(note('b'), 10);
  clock.advance(29);
  expect(fired).toEqual([
    ['a', 10],
    ['b', 10],
  ]);
  expect(clock.pending).toBe(1);
  clock.advance(1);
  expect(fired.at(-1)).toEqual(['c', 30]);
  expect(clock.pending).toBe(0);
});

test('knows when its next timer is due', () => {
  const clock = fakeClock();
  expect(clock.nextInMs).toBeUndefined();
  clock.setTimeout(() => undefined, 30);
  clock.setTimeout(() => undefined, 20);
  clock.advance(5);
  expect(clock.nextInMs).toBe(15);
});

test('timers that timers set fire in the same advance when they fall into it', () => {
  const clock = fakeClock(0);
  const at: number[] = [];
  const tick = () => {
    at.push(clock.monotonic());
    clock.setTimeout(tick, 10);
  };
  tick();
  clock.advance(35);
  expect(at).toEqual([0, 10, 20, 30]);
  expect(clock.monotonic()).toBe(35);
});

test('a timer may clear another that is due at the same moment', () => {
  const clock = fakeClock(0);
  const fired: string[] = [];
  clock.setTimeout(() => clock.clearTimeout(second), 5);
  const second = clock.setTimeout(() => fired.push('second'), 5);
  clock.advance(10);
  expect(fired).toEqual([]);
});

test('a jump moves the wall clock alone (M13)', () => {
  const clock = fakeClock(1000);
  const fired: string[] = [];
  clock.setTimeout(() => fired.push('due'), 100);
  clock.jump(86_400_000);
  expect([clock.now(), clock.monotonic(), fired]).toEqual([86_401_000, 0, []]);
  clock.jump(-86_400_000);
  clock.advance(100);
  expect([clock.now(), clock.monotonic(), fired]).toEqual([1100, 100, ['due']]);
});

test('moves a statechart', () => {
  const clock = fakeClock();
  const machine = setup({ delays: { soon: 100 } }).createMachine({
    initial: 'waiting',
    states: { waiting: { after: { soon: 'done' } }, done: {} },
  });
  const actor = createActor(machine, { clock }).start();
  clock.advance(99);
  expect(actor.getSnapshot().value).toBe('waiting');
  clock.advance(1);
  expect(actor.getSnapshot().value).toBe('done');
  expect(clock.pending).toBe(0);
});
