import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { createTestUnitLogic, createTestWorld, walkEdges } from '../../../app/testing.ts';
import type { UnitLogic } from '../../../app/public.ts';

const device = setup({
  types: {
    context: {} as { wanted: string },
    events: {} as { type: 'online' } | { type: 'offline' } | { type: 'wanted'; text: string },
  },
  actors: { unit: {} as UnitLogic },
}).createMachine({
  id: 'device',
  context: { wanted: '' },
  invoke: { id: 'unit', src: 'unit', input: ({ self }) => ({ parent: self }) },
  initial: 'offline',
  states: {
    offline: { on: { online: 'online' }, after: { 600_000: 'alone' } },
    online: {
      on: { offline: 'offline', wanted: { actions: assign({ wanted: ({ event }) => event.text }) } },
    },
    alone: { on: { online: 'online' } },
  },
});

test('a walk takes a statechart with a whole unit in it through messages, outages and its own delays', async () => {
  const report = await walkEdges(device, {
    world: () => {
      const world = createTestWorld();
      return {
        clock: world.clock,
        actors: {
          unit: createTestUnitLogic(world, { toEvent: (message) => ({ type: 'wanted', text: message.text() }) }),
        },
        moves: {
          'a message comes': () => world.receive('input/pepeunit', 'on'),
          'the network goes': () => world.partition(),
          'the network is back': async () => {
            world.heal();
            await world.advance(60_000);
          },
        },
      };
    },
    invariants: {
      'messages come online alone': ({ context, path }) => context.wanted === '' || path.includes('a message comes'),
    },
  });
  expect(report.missed).toEqual([]);
  expect(report.edges.find(({ name }) => name.startsWith('alone: online'))?.path).toEqual([
    'the network goes',
    '600000 ms elapse in offline',
    'the network is back',
  ]);
});
