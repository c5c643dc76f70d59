import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { boxOf, boxPadding, labelOf, stubOf, stubPadding } from '../../app/diagram/box.ts';
import type { Chart, ChartState } from '../../app/diagram/chart.ts';
import { listedIn, type Layout, type StatePlace } from '../../app/diagram/layout.ts';
import { layouts } from '../../app/diagram/layouts.ts';
import { chartOfMachine, ownMachines } from '../../app/diagram/own.ts';
import { overviewLayout } from '../diagrams/layouts.ts';
import { overviewOf } from '../diagrams/overview.ts';
import { fontSize, lineHeight } from '../../app/diagram/text.ts';

/** How wide README.md is shown, px, and how high its smallest letters should be. */
const readme = { width: 846, letters: 9 };

interface Rect {
  readonly what: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const layoutOf = (id: string): Layout => {
  const { [id]: layout } = layouts;
  if (!layout) throw new Error(`${id} has no layout`);
  return layout;
};

const withChildren = (state: ChartState): ChartState[] => [state, ...state.states.flatMap(withChildren)];
const statesOf = ({ root }: Chart): ChartState[] => withChildren(root).slice(1);

const rectOf = (what: string, [x, y, width, height]: StatePlace): Rect => ({ what, x, y, width, height });

const overlap = (one: Rect, other: Rect): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

const contains = (outer: Rect, inner: Rect): boolean =>
  outer.x <= inner.x &&
  outer.y <= inner.y &&
  outer.x + outer.width >= inner.x + inner.width &&
  outer.y + outer.height >= inner.y + inner.height;

/** The names and rows in a state's box. */
const textOf = (chart: Chart, layout: Layout, state: ChartState, place: StatePlace): Rect => {
  const [x, y, width, , shift = 0] = place;
  const box = boxOf(state, listedIn(layout, chart.edges, state.path));
  const isCentred = state.states.length === 0;
  return {
    what: `text of ${state.path}`,
    x: x + (isCentred ? 0 : shift) + boxPadding.x,
    y: y + boxPadding.y,
    width: Math.min(box.width, width) - 2 * boxPadding.x,
    height: box.height - 2 * boxPadding.y,
  };
};

const textsOf = (chart: Chart, layout: Layout): Rect[] => [
  ...statesOf(chart).flatMap((state) => {
    const { [state.path]: place } = layout.states;
    const { [state.path]: panel } = layout.panels;
    return [
      ...(place ? [textOf(chart, layout, panel ? { ...state, states: [] } : state, place)] : []),
      ...(panel ? [textOf(chart, layout, state, panel)] : []),
    ];
  }),
  ...chart.edges.flatMap((edge): Rect[] => {
    const { label, stub } = layout.edges[edge.key] ?? {};
    const what = `label of ${edge.key}`;
    if (label) return [{ ...labelOf(edge), what, x: label[0], y: label[1] }];
    if (!stub) return [];
    const { width, height } = stubOf(edge);
    const { x, y } = stubPadding;
    return [{ what, x: stub[0] + x, y: stub[1] + y, width: width - 2 * x, height: height - 2 * y }];
  }),
];

const boxesOf = (chart: Chart, layout: Layout): Rect[] => [
  ...Object.entries(layout.states).map(([path, place]) => rectOf(path, place)),
  ...Object.entries(layout.panels).map(([path, place]) => rectOf(`panel of ${path}`, place)),
  ...chart.edges.flatMap(({ key }) => {
    const { stub } = layout.edges[key] ?? {};
    return stub ? [rectOf(`stub of ${key}`, stub)] : [];
  }),
];

const pairs = <T>(all: readonly T[]): [one: T, other: T][] =>
  all.flatMap((one, index) => all.slice(index + 1).map((other): [T, T] => [one, other]));

/** Whether a line touches a border of a box, or ends within two pixels of it. */
const isOn = ([x = 0, y = 0]: readonly number[], [left, top, width, height]: StatePlace): boolean => {
  const isBeside = x >= left - 2 && x <= left + width + 2 && y >= top - 2 && y <= top + height + 2;
  const isInner = x > left + 2 && x < left + width - 2 && y > top + 2 && y < top + height - 2;
  return isBeside && !isInner;
};

const placeOf = (layout: Layout, path: string): StatePlace[] =>
  [layout.states[path], layout.panels[path]].filter((place) => place !== undefined);

const charts = resolve(import.meta.dirname, '../../docs/charts');
const pictures = readdirSync(charts).filter((name) => name.endsWith('.svg'));

test.each(pictures)('%s has letters of at least 9 px where README.md shows it (X12)', (name) => {
  const svg = readFileSync(join(charts, name), 'utf8');
  const sizes = [...svg.matchAll(/font(?:-size)?:(\d+)px/g)].map(([, size]) => Number(size));
  const width = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]);
  expect(sizes.length).toBeGreaterThan(0);
  expect(Math.min(...sizes) * Math.min(1, readme.width / width)).toBeGreaterThanOrEqual(readme.letters);
});

const overview = overviewOf();
const drawings = [
  ...ownMachines.map((machine) => ({
    name: machine.id,
    chart: chartOfMachine(machine),
    layout: layoutOf(machine.id),
  })),
  { name: 'overview', chart: overview, layout: await overviewLayout(overview) },
];

describe.each(drawings)('the picture $name', ({ chart, layout }) => {
  test('has no text over another, and none over a border (X12)', () => {
    const texts = textsOf(chart, layout);
    expect(pairs(texts).filter(([one, other]) => overlap(one, other))).toEqual([]);
    const boxes = boxesOf(chart, layout);
    const across = texts.flatMap((text) =>
      boxes.filter((box) => overlap(box, text) && !contains(box, text)).map((box) => [text, box]),
    );
    expect(across).toEqual([]);
  });

  test('has no box over another (X12)', () => {
    const across = pairs(boxesOf(chart, layout)).filter(
      ([one, other]) => overlap(one, other) && !contains(one, other) && !contains(other, one),
    );
    expect(across).toEqual([]);
  });

  test('has a box for each state (X12)', () => {
    const paths = statesOf(chart).map(({ path }) => path);
    expect(Object.keys(layout.states).toSorted()).toEqual(paths.toSorted());
  });

  test('has a line for each transition, from its source to its target or to a box that names it (X12)', () => {
    for (const { key, from, to } of chart.edges) {
      const { points = [], stub } = layout.edges[key] ?? {};
      const starts = placeOf(layout, from).filter((place) => isOn(points.slice(0, 2), place));
      const ends = (stub ? [stub] : placeOf(layout, to)).filter((place) => isOn(points.slice(-2), place));
      expect([key, starts.length, ends.length]).toEqual([key, 1, 1]);
    }
  });

  test('has every line upright or level, and clear of the texts (X12)', () => {
    const texts = textsOf(chart, layout);
    for (const [key, { points }] of Object.entries(layout.edges)) {
      for (let at = 0; at + 3 < points.length; at += 2) {
        const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = points.slice(at, at + 4);
        expect([key, x1 === x2 || y1 === y2]).toEqual([key, true]);
        const line = {
          what: key,
          x: Math.min(x1, x2),
          y: Math.min(y1, y2),
          width: Math.abs(x2 - x1),
          height: Math.abs(y2 - y1),
        };
        expect(texts.filter((text) => overlap(text, line)).map(({ what }) => [key, what])).toEqual([]);
      }
    }
  });
});

test('a line of text is as high as its letters need', () => {
  for (const [kind, size] of Object.entries(fontSize)) {
    expect(lineHeight[kind as keyof typeof lineHeight]).toBeGreaterThan(size);
  }
});
