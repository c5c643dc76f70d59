import { assign, fromCallback, fromPromise, setup, type EventObject } from 'xstate';
import { describe, expect, test } from 'vitest';
import { walkEdges, WalkError } from '../../../app/testing.ts';

type DoorEvent = { type: 'open' } | { type: 'close' } | { type: 'kick' } | { type: 'sensor.broken' };

const door = setup({
  types: { context: {} as { kicks: number }, events: {} as DoorEvent },
  actors: {
    measure: fromPromise<number>(() => Promise.reject(new Error('there is no battery here'))),
    sensor: fromCallback<EventObject>(() => undefined),
  },
  guards: { isStrong: (_, charge: number) => charge > 20 },
  delays: { closeAfter: 30_000 },
}).createMachine({
  id: 'door',
  context: { kicks: 0 },
  initial: 'closed',
  invoke: { id: 'sensor', src: 'sensor' },
  on: { 'sensor.broken': '.broken' },
  states: {
    closed: { on: { open: 'checking' } },
    checking: {
      invoke: {
        id: 'measure',
        src: 'measure',
        onDone: [{ guard: { type: 'isStrong', params: ({ event }) => event.output }, target: 'opened' }, 'closed'],
        onError: 'broken',
      },
    },
    opened: { on: { close: 'closed' }, after: { closeAfter: 'closed' } },
    broken: {
      on: {
        kick: [
          { guard: ({ context }) => context.kicks >= 2, target: 'closed', actions: assign({ kicks: 0 }) },
          { actions: assign({ kicks: ({ context }) => context.kicks + 1 }) },
        ],
      },
    },
  },
});

const world = {
  measure: { done: [80, 5], fails: [new Error('no sensor')] },
  sensor: { sends: [{ type: 'sensor.broken' }] },
};
const events: DoorEvent[] = [{ type: 'open' }, { type: 'close' }, { type: 'kick' }];

describe('walkEdges', () => {
  test('takes every edge: events, guards, delays, and the ends of what is invoked', async () => {
    const report = await walkEdges(door, { events, world });
    expect(report.missed).toEqual([]);
    expect(report.missedStates).toEqual([]);
    expect(report.edges).toHaveLength(9);
    expect(report.edges.map(({ path }) => path?.at(-1))).toContain('closeAfter elapses in opened');
    expect(String(report)).toContain('9 of 9 edges');
  });

  test('names what it did not reach', async () => {
    const report = await walkEdges(door, {
      events: [{ type: 'open' }, { type: 'kick' }],
      world: { measure: { done: [80], fails: [] } },
    });
    expect(report.missed).toEqual([
      'door: sensor.broken -> broken (1)',
      'checking: done measure -> closed (2)',
      'checking: error measure -> broken (3)',
      'opened: close -> closed (1)',
      'broken: kick -> closed (1)',
      'broken: kick (2)',
    ]);
    expect(report.missedStates).toEqual(['broken']);
    expect(report.unusedEvents).toEqual(['kick']);
    expect(String(report)).toContain('not covered');
  });

  test('takes events by state', async () => {
    const report = await walkEdges(door, { events: { closed: [{ type: 'open' }] }, world });
    expect(report.missed).toContain('opened: close -> closed (1)');
    expect(report.missed).not.toContain('closed: open -> checking (1)');
    await expect(walkEdges(door, { events: { clsed: [{ type: 'open' }] }, world })).rejects.toThrow('closed');
  });

  test('fails with the shortest path to a state that is not as expected', async () => {
    const walk = walkEdges(door, { events, world, expect: { broken: ({ context }) => context.kicks < 2 } });
    await expect(walk).rejects.toThrow(WalkError);
    await expect(walk).rejects.toMatchObject({
      code: 'violated',
      path: ['sensor sends sensor.broken', 'kick', 'kick'],
    });
    await expect(walk).rejects.toThrow(/^door: after sensor sends sensor\.broken \/ kick \/ kick: expect broken/);
  });

  test('fails with the shortest path to a step that breaks an invariant, and keeps what was thrown', async () => {
    const thrown = new Error('opened with the charge of a toy');
    const invariants = {
      'opens only when strong': ({
        context,
        snapshot,
      }: {
        context: { kicks: number };
        snapshot: { value: unknown };
      }) => {
        if (snapshot.value === 'opened' && context.kicks === 0) throw thrown;
      },
    };
    await expect(walkEdges(door, { events, world, invariants })).rejects.toMatchObject({
      message: expect.stringContaining('opens only when strong') as string,
      cause: thrown,
      path: ['open', 'measure done 80'],
    });
  });

  test('refuses a world of actors that are not there', async () => {
    // @ts-expect-error there is no such actor
    await expect(walkEdges(door, { events, world: { measrue: {} } })).rejects.toThrow('measure');
    // @ts-expect-error the charge is a number
    await walkEdges(door, { events, world: { measure: { done: ['full'] } } });
    // @ts-expect-error there is no such event
    expect(await walkEdges(door, { events: [{ type: 'shut' }] })).toMatchObject({ unusedEvents: ['shut'] });
  });
});
