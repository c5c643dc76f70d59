import { expect, test } from 'vitest';
import { chartOf, type ChartState } from '../../../app/diagram/chart.ts';
import type { Layout } from '../../../app/diagram/layout.ts';
import { layouts } from '../../../app/diagram/layouts.ts';
import { chartOfMachine, ownMachines } from '../../../app/diagram/own.ts';
import { svgOf } from '../../../app/diagram/svg.ts';

const withChildren = (state: ChartState): ChartState[] => [state, ...state.states.flatMap(withChildren)];

const valuesOf = (svg: string, attribute: string): string[] =>
  [...svg.matchAll(new RegExp(` ${attribute}="([^"]*)"`, 'g'))].map(([, value = '']) => value.replaceAll('&gt;', '>'));

test.each(ownMachines)('the picture of $id marks its states, lines and events for what shows it at work', (machine) => {
  const chart = chartOfMachine(machine);
  const { [machine.id]: layout } = layouts;
  const svg = svgOf(chart, layout as Layout);
  const states = withChildren(chart.root).slice(1);
  expect(new Set(valuesOf(svg, 'data-state'))).toEqual(new Set(states.map(({ path }) => `${chart.id}/${path}`)));
  const paths = valuesOf(svg, 'data-paths').flatMap((value) => value.split(' '));
  expect(new Set(paths)).toEqual(new Set(states.flatMap((state) => state.paths)));
  const edges = valuesOf(svg, 'data-edge');
  expect(chart.edges.filter(({ key }) => !edges.includes(`${chart.id}/${key}`))).toEqual([]);
  const events = new Set(valuesOf(svg, 'data-event'));
  const unmarked = chart.edges
    .flatMap(({ labels }) => labels)
    .filter(({ event }) => event !== '' && !events.has(event));
  expect(unmarked).toEqual([]);
});

test('names from outside are text, and never markup', () => {
  const chart = chartOf({
    id: 'a<b',
    description: 'x & "y"',
    initial: '<i>',
    states: { '<i>': { on: { 'GO"><script>': { target: 'b', guard: 'x<y' } } }, b: {} },
  });
  const svg = svgOf(chart, {
    width: 300,
    height: 200,
    states: { '<i>': [20, 60, 60, 26], b: [20, 140, 60, 26] },
    panels: {},
    edges: { '<i>>b': { points: [50, 86, 50, 140], label: [54, 100] } },
  });
  expect(svg).not.toMatch(/<i>|<script>|"y"|x<y/);
  expect(svg).toContain('&lt;i&gt;');
  expect(svg).toContain('[x&lt;y]');
});

test('the first tag that tells most colours a state', () => {
  const chart = chartOf({ id: 'm', initial: 'a', states: { a: { tags: ['ready', 'busy'] } } });
  const svg = svgOf(chart, { width: 200, height: 120, states: { a: [20, 60, 60, 26] }, panels: {}, edges: {} });
  expect(svg).toContain('class="state atomic busy"');
});
