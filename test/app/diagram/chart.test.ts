import { describe, expect, test } from 'vitest';
import { createMachine, type AnyStateMachine, type AnyStateNode, type AnyTransitionDefinition } from 'xstate';
import { chartOf, type ChartState } from '../../../app/diagram/chart.ts';
import type { StateConfig } from '../../../app/diagram/config.ts';
import { chartOfMachine, ownMachines } from '../../../app/diagram/own.ts';
import { nodesOf } from '../../../app/testing/walk/chart.ts';
import { transitionsOf } from '../../diagrams/outline.ts';

const pathOf = ({ path }: AnyStateNode): string => path.join('.');

const withChildren = (state: ChartState): ChartState[] => [state, ...state.states.flatMap(withChildren)];

const isInside = (inner: string, outer: string): boolean =>
  outer === '' || inner === outer || inner.startsWith(`${outer}.`);

const linesFrom = (node: AnyStateNode): string[] =>
  transitionsOf(node)
    .flatMap(({ target = [] }: AnyTransitionDefinition) => target.map(pathOf))
    .filter((to) => !isInside(to, pathOf(node)))
    .map((to) => `${pathOf(node)}>${to}`);

/** What XState itself makes of a config: each state with where its transitions lead out of it. */
const linesByXState = ({ root }: AnyStateMachine): string[] => [...new Set(nodesOf(root).flatMap(linesFrom))];

describe.each(ownMachines)('the chart of $id', (machine) => {
  const chart = chartOf(machine.config as StateConfig);

  test('has the states and lines that XState reads from the machine (X12)', () => {
    expect(withChildren(chart.root).map(({ path }) => path)).toEqual(nodesOf(machine.root).map(pathOf));
    expect(chart.edges.map(({ key }) => key).toSorted()).toEqual(linesByXState(machine).toSorted());
  });

  test('is the same from its config as JSON, which an inspector gets (X12)', () => {
    const config = JSON.parse(JSON.stringify(machine.config)) as StateConfig;
    expect(chartOf(config)).toEqual(chart);
  });

  test('says of each transition what brings it about, on its line or in its state (X12)', () => {
    for (const node of nodesOf(machine.root)) {
      const [state] = withChildren(chart.root).filter(({ path }) => path === pathOf(node));
      const said = [
        ...(state?.rows ?? []),
        ...chart.edges.filter(({ from }) => from === pathOf(node)).flatMap(({ labels }) => labels),
      ];
      const events = transitionsOf(node).map(({ eventType }) => String(eventType));
      const unsaid = events.filter(
        (event) => !said.some((label) => event === label.event || event.startsWith(`${label.event}.`)),
      );
      expect(unsaid).toEqual([]);
      expect(said.length).toBeLessThanOrEqual(events.length);
    }
  });
});

const door = {
  id: 'door',
  initial: 'shut',
  states: {
    shut: {
      on: { OPEN: [{ guard: 'isUnlocked', target: 'open' }, { target: '#alarm' }], KNOCK: { actions: 'bark' } },
    },
    open: { after: { 5000: 'shut' }, on: { RESET: '#door.shut' } },
    ringing: {
      id: 'alarm',
      invoke: { src: 'ring', onDone: '.over' },
      initial: 'loud',
      states: { loud: {}, over: { type: 'final' } },
    },
  },
} as const;

test('a chart names triggers, guards and what is left when no guard holds', () => {
  const { edges, root } = chartOf(createMachine(door).config as StateConfig);
  expect(edges.map(({ key, labels }) => [key, labels.map(({ text }) => text)])).toEqual([
    ['shut>open', ['OPEN [isUnlocked]']],
    ['shut>ringing', ['OPEN [else]']],
    ['open>shut', ['RESET', 'after 5000 ms']],
  ]);
  const [shut, open, ringing] = root.states;
  expect(shut).toMatchObject({ isFirst: true, rows: [{ text: 'KNOCK', event: 'KNOCK' }] });
  expect(open).toMatchObject({ isFirst: false, rows: [] });
  expect(ringing).toMatchObject({ type: 'compound', activities: ['ring'], rows: [{ text: 'done → over' }] });
  expect(ringing?.states.map(({ type, isFirst }) => [type, isFirst])).toEqual([
    ['atomic', true],
    ['final', false],
  ]);
});

test('regions that look the same are drawn once, and each state tells for which it stands', () => {
  const [unit] = ownMachines.filter(({ id }) => id === 'unit');
  if (!unit) throw new Error('There is no unit');
  const states = withChildren(chartOfMachine(unit).root);
  const paths = states.flatMap((state) => state.paths);
  expect(paths.toSorted()).toEqual(nodesOf(unit.root).map(pathOf).toSorted());
  expect(states.length).toBeLessThan(paths.length);
});
