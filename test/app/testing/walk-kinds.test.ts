import {
  assign,
  createMachine,
  emit,
  fromCallback,
  fromPromise,
  raise,
  sendTo,
  setup,
  spawnChild,
  type EventObject,
} from 'xstate';
import { describe, expect, test } from 'vitest';
import { walkEdges } from '../../../app/testing.ts';

describe('walkEdges takes', () => {
  test('without a word about the world, its actors end in each way that the chart handles', async () => {
    const machine = createMachine({
      id: 'plain',
      initial: 'working',
      states: {
        working: { invoke: { id: 'work', src: 'work', onDone: 'done', onError: 'failed' } },
        done: { after: { 1000: 'working' } },
        failed: { type: 'final' },
      },
    });
    expect(await walkEdges(machine)).toMatchObject({ missed: [], missedStates: [] });
  });

  test('tells an error that nothing handles', async () => {
    const machine = createMachine({
      id: 'careless',
      initial: 'working',
      states: { working: { invoke: { id: 'work', src: 'work', onDone: 'idle' } }, idle: {} },
    });
    const walk = walkEdges(machine, { world: { work: { fails: [new Error('no paper')] } } });
    await expect(walk).rejects.toMatchObject({ code: 'failed', path: ['work fails: no paper'] });
    await expect(walk).rejects.toThrow('no paper');
  });

  test('lets timers that were set together run out in their order alone', async () => {
    const machine = createMachine({
      id: 'blinds',
      context: { isWarned: false },
      initial: 'up',
      states: {
        up: { after: { 1000: { actions: assign({ isWarned: true }) }, 5000: 'down' } },
        down: {},
      },
    });
    const expected = { down: ({ context }: { context: { isWarned: boolean } }) => context.isWarned };
    expect(await walkEdges(machine, { expect: expected })).toMatchObject({ missed: [] });
  });

  test('walks parallel and nested states, history, spawned actors, raised and delayed events', async () => {
    const house = setup({
      actors: { worker: fromPromise(async () => 1) },
    }).createMachine({
      id: 'house',
      type: 'parallel',
      states: {
        light: {
          initial: 'off',
          states: {
            off: { on: { 'light.toggle': 'on' } },
            on: {
              initial: 'dim',
              on: { 'light.toggle': 'off' },
              states: { dim: { on: { 'light.more': 'bright' } }, bright: {}, last: { type: 'history' } },
            },
          },
        },
        alarm: {
          initial: 'armed',
          states: {
            armed: {
              on: { 'alarm.trip': { target: 'ringing' }, 'light.toggle': { actions: raise({ type: 'light.more' }) } },
            },
            ringing: {
              entry: raise({ type: 'alarm.late' }, { delay: 60_000 }),
              on: { 'alarm.off': 'armed', 'alarm.late': 'armed' },
            },
          },
        },
        chores: {
          initial: 'none',
          states: {
            none: { on: { 'chores.begin': { target: 'some', actions: spawnChild('worker', { id: 'chore' }) } } },
            some: { on: { 'xstate.done.actor.chore': 'none', 'xstate.error.actor.chore': 'none' } },
          },
        },
      },
    });
    const report = await walkEdges(house, {
      events: ['light.toggle', 'light.more', 'alarm.trip', 'alarm.off', 'chores.begin'].map((type) => ({ type })),
    });
    expect(report.missed).toEqual([]);
    expect(report.situations).toBeGreaterThan(8);
  });

  test('tells how to make a state space finite', async () => {
    const counter = createMachine({
      id: 'counter',
      types: {} as { context: { count: number } },
      context: { count: 0 },
      on: { tick: { actions: assign({ count: ({ context }: { context: { count: number } }) => context.count + 1 }) } },
    });
    const given = { events: [{ type: 'tick' }], limit: 50 };
    await expect(walkEdges(counter, given)).rejects.toMatchObject({ code: 'tooMany' });
    await expect(walkEdges(counter, given)).rejects.toThrow('key');
    expect(await walkEdges(counter, { ...given, key: ({ count }) => Math.min(count, 2) })).toMatchObject({
      missed: [],
      situations: 3,
    });
  });

  test('refuses logic that it can not stand in for', async () => {
    const inline = createMachine({
      id: 'inline',
      initial: 'a',
      states: { a: { invoke: { src: fromPromise(async () => 1), onDone: 'b' } }, b: {} },
    });
    await expect(walkEdges(inline)).rejects.toMatchObject({ code: 'unscripted' });
  });

  test('notices a machine that does not do the same twice', async () => {
    let starts = 0;
    const moody = createMachine({
      id: 'moody',
      context: () => ({ mood: (starts += 1) }),
      on: { tick: { actions: assign({ mood: 0 }) } },
    });
    await expect(walkEdges(moody, { events: [{ type: 'tick' }] })).rejects.toMatchObject({ code: 'unrepeatable' });
  });

  test('runs actors of its own where the world gives some, and moves the world', async () => {
    const machine = setup({
      types: { events: {} as { type: 'link.up' } | { type: 'link.down' } },
      actors: { link: fromCallback<EventObject>(() => undefined) },
    }).createMachine({
      id: 'linked',
      initial: 'down',
      invoke: { id: 'link', src: 'link' },
      states: { down: { on: { 'link.up': 'up' } }, up: { on: { 'link.down': 'down' } } },
    });
    let worlds = 0;
    const report = await walkEdges(machine, {
      world: () => {
        worlds += 1;
        const listeners = new Set<(isUp: boolean) => void>();
        const tell = (isUp: boolean) => listeners.forEach((listener) => listener(isUp));
        return {
          actors: {
            link: fromCallback(({ sendBack }) => {
              const listener = (isUp: boolean) => sendBack({ type: isUp ? 'link.up' : 'link.down' });
              listeners.add(listener);
              return () => listeners.delete(listener);
            }),
          },
          moves: { 'the cable is plugged': () => tell(true), 'the cable is cut': async () => tell(false) },
        };
      },
    });
    expect(report.missed).toEqual([]);
    expect(report.edges.find(({ name }) => name.startsWith('up:'))?.path).toEqual([
      'the cable is plugged',
      'the cable is cut',
    ]);
    expect(worlds).toBeGreaterThan(2);
  });

  test('shows what was sent to actors and what was emitted', async () => {
    const machine = createMachine({
      id: 'speaker',
      initial: 'silent',
      invoke: { id: 'amp', src: 'amp' },
      states: {
        silent: { on: { play: 'loud' } },
        loud: { entry: [sendTo('amp', { type: 'amp.on' }), emit({ type: 'music' })] },
      },
    });
    let checked = 0;
    await walkEdges(machine, {
      events: [{ type: 'play' }],
      expect: {
        loud: ({ told, emitted, running, path }) => {
          expect(told('amp')).toEqual([{ type: 'amp.on' }]);
          expect(emitted).toEqual([{ type: 'music' }]);
          expect(running).toEqual(['amp']);
          expect(path).toEqual(['play']);
          checked += 1;
        },
      },
    });
    expect(checked).toBe(1);
  });

  test('states that are left at once, and transitions on the way', async () => {
    const machine = createMachine({
      id: 'hasty',
      initial: 'first',
      states: {
        first: { always: 'second' },
        second: { invoke: { id: 'worker', src: 'worker', onSnapshot: 'third' } },
        third: { initial: 'one', states: { one: { always: 'two' }, two: { type: 'final' } }, onDone: 'last' },
        last: { type: 'final' },
      },
    });
    expect(await walkEdges(machine)).toMatchObject({ missed: [], missedStates: [] });
  });

  test('a guard that throws as a fault, with the path to it', async () => {
    const machine = setup({
      actors: { measure: fromPromise<{ volts: number }>(() => Promise.reject(new Error('not here'))) },
    }).createMachine({
      id: 'gauge',
      initial: 'idle',
      states: {
        idle: { on: { go: 'busy' } },
        busy: {
          invoke: {
            id: 'measure',
            src: 'measure',
            onDone: { guard: ({ event }) => event.output.volts > 1, target: 'idle' },
          },
        },
      },
    });
    const events = [{ type: 'go' }];
    await expect(walkEdges(machine, { events })).rejects.toMatchObject({
      code: 'failed',
      path: ['go', 'measure done'],
    });
    expect(await walkEdges(machine, { events, world: { measure: { done: [{ volts: 5 }] } } })).toMatchObject({
      missed: [],
    });
  });

  test('a machine in place of an actor, with its own delays', async () => {
    const child = createMachine({
      id: 'child',
      initial: 'waiting',
      states: { waiting: { after: { 500: 'done' } }, done: { type: 'final' } },
    });
    const machine = setup({ actors: { child } }).createMachine({
      id: 'parent',
      initial: 'waiting',
      states: { waiting: { invoke: { id: 'child', src: 'child', onDone: 'done' } }, done: {} },
    });
    const report = await walkEdges(machine, { world: { child } });
    expect(report.missed).toEqual([]);
    expect(report.edges[0]?.path).toHaveLength(1);
  });
});
