import { assign, fromPromise, sendTo, setup } from 'xstate';
import { expect, test } from 'vitest';
import type { Parent } from '../../../../machines/lib/parent.ts';
import { defineTable, rowsOf, type MachineTable } from './table.ts';
import { walkTable } from './walk.ts';

type Fact = { type: 'oven.began' };
type Event = { type: `door.${'open' | 'close'}` | `oven.${'start' | 'stop' | 'mend'}` };

const nothing = fromPromise(() => Promise.resolve());

/** Regions beside each other, one of which has a state with regions of its own. */
const oven = setup({
  types: {
    input: {} as { parent: Parent<Fact> },
    context: {} as { parent: Parent<Fact>; trays: number },
    events: {} as Event,
  },
  actors: { fan: nothing, heater: nothing },
  actions: {
    count: assign(({ context }) => ({ trays: context.trays + 1 })),
    report: sendTo(({ context }) => context.parent, { type: 'oven.began' }),
  },
  guards: { isFull: ({ context }) => context.trays > 2 },
  delays: { bakedAfter: 1_000 },
}).createMachine({
  id: 'oven',
  type: 'parallel',
  context: ({ input }) => ({ ...input, trays: 0 }),
  states: {
    door: {
      initial: 'closed',
      states: { closed: { on: { 'door.open': 'open' } }, open: { on: { 'door.close': 'closed' } } },
    },
    work: {
      initial: 'idle',
      states: {
        idle: { on: { 'oven.start': { target: 'baking', actions: 'report' } } },
        baking: {
          type: 'parallel',
          entry: 'count',
          always: { guard: 'isFull', target: 'full' },
          invoke: { id: 'fan', src: 'fan', onError: { target: 'broken' } },
          on: { 'oven.stop': 'idle', 'oven.start': { target: 'baking', reenter: true } },
          states: {
            heat: {
              initial: 'warming',
              states: {
                warming: { invoke: { id: 'heater', src: 'heater', onDone: 'hot', onError: '#oven.work.broken' } },
                hot: { on: { 'door.open': '#oven.work.broken' } },
              },
            },
            time: {
              initial: 'running',
              states: { running: { after: { bakedAfter: 'over' } }, over: { on: { 'door.open': 'running' } } },
            },
          },
        },
        broken: { on: { 'oven.mend': '#oven.work.baking.time.over' } },
        full: {},
      },
    },
  },
});

const row = rowsOf<typeof oven>();
const oneMore = ({ trays }: { trays: number }) => ({ trays: trays + 1 });
const both = 'work.baking.heat.warming work.baking.time.running';

const lines = {
  opened: row('door.closed', 'door.open', { to: 'door.open' }),
  closed: row('door.open', 'door.close', { to: 'door.closed' }),
  started: row('work.idle', 'oven.start', { to: both, told: [{ type: 'oven.began' }], context: oneMore }),
  again: row('work.baking', 'oven.start', { to: both, anew: 'work.baking', context: oneMore }),
  stopped: row('work.baking', 'oven.stop', { to: 'work.idle' }),
  still: row('work.baking', 'fan fails', { to: 'work.broken' }),
  hot: row('work.baking.heat.warming', 'heater done', { to: 'work.baking.heat.hot' }),
  cold: row('work.baking.heat.warming', 'heater fails', { to: 'work.broken' }),
  baked: row('work.baking.time.running', 'after bakedAfter', { to: 'work.baking.time.over' }),
  mended: row('work.broken', 'oven.mend', {
    to: 'work.baking.heat.warming work.baking.time.over',
    context: oneMore,
  }),
  cooled: row('work.baking.heat.hot', 'door.open', { to: 'work.broken' }),
  longer: row('work.baking.time.over', 'door.open', { to: 'work.baking.time.running' }),
  full: row('work.baking.heat.warming', 'always', { when: ({ trays }) => trays > 2, to: 'work.full' }),
};

const ovenTable = (change: Partial<typeof lines> = {}): MachineTable =>
  defineTable(oven, {
    states: {
      door: {},
      'door.closed': {},
      'door.open': {},
      work: {},
      'work.idle': {},
      'work.baking': { runs: { fan: undefined } },
      'work.baking.heat': {},
      'work.baking.heat.warming': { runs: { heater: undefined } },
      'work.baking.heat.hot': {},
      'work.baking.time': {},
      'work.baking.time.running': { after: { bakedAfter: 1_000 } },
      'work.baking.time.over': {},
      'work.broken': {},
      'work.full': {},
    },
    start: { states: ['door.closed', 'work.idle'], context: { trays: 0 } },
    events: (['door.open', 'door.close', 'oven.start', 'oven.stop', 'oven.mend'] as const).map((type) => ({ type })),
    rows: Object.values({ ...lines, ...change }),
    key: ({ trays }) => trays,
  });

test('a machine with regions in regions that does what its table says is walked whole', () => {
  expect(walkTable(ovenTable())).toMatchObject({
    states: 14,
    transitions: 13,
    lines: 22,
    missedStates: [],
    missedTransitions: [],
    missedLines: [],
  });
});

test.each<[string, Partial<typeof lines>, string]>([
  [
    'forgets a region of what is entered',
    { started: row('work.idle', 'oven.start', { to: 'work.baking.heat.warming', context: oneMore }) },
    'oven.start: states',
  ],
  [
    'takes a region for the one that it begins with',
    { mended: row('work.broken', 'oven.mend', { to: both, context: oneMore }) },
    'oven.mend: states',
  ],
  [
    'goes on with a region of what is left',
    { cold: row('work.baking.heat.warming', 'heater fails', { to: 'work.baking.heat.hot' }) },
    'heater fails: Error: it broke: states',
  ],
  [
    'leaves a region that stays',
    { opened: row('door.closed', 'door.open', { to: 'door.open work.idle' }) },
    'door.open: states',
  ],
  [
    'restarts a region that goes on',
    { hot: row('work.baking.heat.warming', 'heater done', { to: 'work.baking.heat.hot work.baking.time.running' }) },
    'heater done: timers',
  ],
  [
    'goes on with what is left and entered again',
    { again: row('work.baking', 'oven.start', { to: both, context: oneMore }) },
    'oven.start: actors',
  ],
  [
    'stays in what is left and entered again',
    { again: row('work.baking', 'oven.start', { context: oneMore }) },
    'oven.start: actors',
  ],
  ['goes on by itself no more', { full: row('work.baking.heat.hot', 'always', { when: () => false }) }, 'states'],
])('a table that %s fails', (_, change, why) => {
  expect(() => walkTable(ovenTable(change))).toThrow(why);
});

test('a table whose line leads nowhere fails', () => {
  const lost = row('work.baking.heat.warming', 'heater done', { to: 'work.baking.heat.hotter' });
  expect(() => walkTable(ovenTable({ hot: lost }))).toThrow('"work.baking.heat.hotter" is no state of the table');
});
