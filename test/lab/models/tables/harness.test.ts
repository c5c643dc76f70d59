import { assign, fromPromise, sendTo, setup } from 'xstate';
import { expect, test } from 'vitest';
import { wifiMachine } from '../../../../machines/wifi.ts';
import type { Parent } from '../../../../machines/lib/parent.ts';
import { otherwise, sidesOf } from './sides.ts';
import { defineTable, rowsOf, type MachineTable } from './table.ts';
import { walkTable } from './walk.ts';
import { wifiTable } from './wifi.table.ts';

type Lit = { type: 'lamp.lit' };

const lamp = setup({
  types: {
    input: {} as { parent: Parent<Lit> },
    context: {} as { parent: Parent<Lit>; fuses: number },
    events: {} as { type: 'lamp.toggle' } | { type: 'lamp.smash' },
  },
  actors: { light: fromPromise(() => Promise.resolve()) },
  actions: {
    burn: assign(({ context }) => ({ fuses: context.fuses - 1 })),
    report: sendTo(({ context }) => context.parent, { type: 'lamp.lit' }),
  },
  guards: { hasFuse: ({ context }) => context.fuses > 0 },
  delays: { offAfter: 1000 },
}).createMachine({
  id: 'lamp',
  context: ({ input }) => ({ ...input, fuses: 2 }),
  initial: 'off',
  states: {
    off: { on: { 'lamp.toggle': { guard: 'hasFuse', target: 'on' } } },
    on: {
      entry: 'report',
      invoke: { id: 'light', src: 'light', onError: { target: 'off', actions: 'burn' } },
      on: { 'lamp.toggle': 'off' },
      after: { offAfter: 'off' },
    },
  },
});

const row = rowsOf<typeof lamp>();
const hasFuse = ({ fuses }: { fuses: number }) => fuses > 0;
const lit = row(
  'off',
  'lamp.toggle',
  { when: hasFuse, to: 'on', told: [{ type: 'lamp.lit' }] },
  { when: ({ fuses }) => fuses === 0 },
);
const toggled = row('on', 'lamp.toggle', { to: 'off' });
const burned = row('on', 'light fails', { to: 'off', context: ({ fuses }) => ({ fuses: fuses - 1 }) });
const timed = row('on', 'after offAfter', { to: 'off' });

const lampTable = (
  rows: Parameters<typeof defineTable<typeof lamp>>[1]['rows'] = [lit, toggled, burned, timed],
  machine = lamp,
): MachineTable =>
  defineTable(machine, {
    states: { off: {}, on: { runs: { light: undefined }, after: { offAfter: 1_000 } } },
    start: { states: ['off'], context: { fuses: 2 } },
    events: [{ type: 'lamp.toggle' }, { type: 'lamp.smash' }],
    rows,
    key: ({ fuses }) => fuses,
  });

test('a machine that does what its table says is walked whole', () => {
  expect(walkTable(lampTable())).toMatchObject({
    states: 2,
    transitions: 4,
    lines: 5,
    missedStates: [],
    missedTransitions: [],
    missedLines: [],
  });
});

test('a line that no path reaches is named', () => {
  const smashed = row('off', 'lamp.smash', { when: ({ fuses }) => fuses > 2 }, { when: ({ fuses }) => fuses <= 2 });
  expect(walkTable(lampTable([lit, toggled, burned, timed, smashed])).missedLines).toEqual([
    'off: lamp.smash (one side) (line 6)',
  ]);
});

test('a transition that the table lacks fails, after the shortest path to it', () => {
  expect(() => walkTable(lampTable([lit, burned, timed]))).toThrow(
    'lamp: after lamp.toggle / lamp.toggle: it takes a transition that its table lacks',
  );
});

test('a side of a guard that the table lacks fails', () => {
  const oneSided = row('off', 'lamp.toggle', { when: hasFuse, to: 'on', told: [{ type: 'lamp.lit' }] });
  expect(() => walkTable(lampTable([oneSided, toggled, burned, timed]))).toThrow(
    'No side of "lamp.toggle" in "off" holds',
  );
});

test('two lines that hold at once fail', () => {
  const doubled = row('on', 'lamp.toggle', { to: 'off' }, {});
  expect(() => walkTable(lampTable([lit, doubled, burned, timed]))).toThrow('Two lines hold');
});

test('a state that is left at once has nothing to try, and none in which a step ends is one', () => {
  const table = lampTable();
  const passed = { ...table, states: { ...table.states, on: { isPassing: true } } };
  expect(() => walkTable(passed)).toThrow('lamp: after lamp.toggle: No side of "always" in "on" holds');
});

test('of several sides the first counts whose guard holds', () => {
  const rest = sidesOf<{ fuses: number }, unknown>()(
    [hasFuse, { to: 'on', told: [{ type: 'lamp.lit' }] }],
    [otherwise, {}],
  );
  expect(walkTable(lampTable([row('off', 'lamp.toggle', ...rest), toggled, burned, timed]))).toMatchObject({
    lines: 5,
    missedLines: [],
  });
});

test.each([
  ['tells nothing', lamp.provide({ actions: { report: () => undefined } }), 'after lamp.toggle: told'],
  ['has no guard', lamp.provide({ guards: { hasFuse: () => true } }), 'lamp.toggle: states'],
  ['keeps its fuse', lamp.provide({ actions: { burn: () => undefined } }), 'light fails: Error: it broke: context'],
  ['waits for longer', lamp.provide({ delays: { offAfter: 10_000 } }), 'after lamp.toggle: timers'],
])('a machine that %s fails', (_, machine, why) => {
  expect(() => walkTable(lampTable(undefined, machine))).toThrow(why);
});

test('a wifi machine that never links fails', () => {
  const machine = wifiMachine.provide({ guards: { isInReach: () => false } });
  expect(() => walkTable({ ...wifiTable, machine })).toThrow('wifi: after');
});
