import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import { boxOf } from '../box.ts';
import type { ChartEdge, ChartState } from '../chart.ts';
import type { EdgePlace, Layout, StatePlace } from '../layout.ts';
import { isStub, rootId } from './graph.ts';
import type { Part } from './parts.ts';

const within = (node: ElkNode): ElkNode[] => [node, ...(node.children ?? []).flatMap(within)];

/** Makes a line upright or level again that rounding has tilted. */
const straightened = (points: readonly number[]): number[] => {
  const straight: number[] = [];
  for (const at of points) {
    const before = straight.at(-2);
    straight.push(before !== undefined && Math.abs(before - at) <= 1 ? before : at);
  }
  return straight;
};

/** Corners of a line, x and y in turns. */
export const pointsOf = ({ sections = [] }: ElkExtendedEdge): number[] =>
  straightened(
    sections
      .flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint])
      .flatMap(({ x, y }) => [Math.round(x), Math.round(y)]),
  );

const placeOf = ({ x = 0, y = 0, width = 0, height = 0 }: ElkNode) =>
  [Math.round(x), Math.round(y), Math.round(width), Math.round(height)] as const;

/** Where everything of a graph stands. */
export const placed = (graph: ElkNode): Layout => {
  const places = new Map(within(graph).map((node) => [node.id, placeOf(node)]));
  const edges = within(graph)
    .flatMap((node) => node.edges ?? [])
    .map((edge): [string, EdgePlace] => {
      const [label] = edge.labels ?? [];
      const stub = places.get(edge.targets[0] ?? '');
      return [
        edge.id,
        {
          points: pointsOf(edge),
          ...(label && { label: [Math.round(label.x ?? 0), Math.round(label.y ?? 0)] as const }),
          ...(stub && isStub(edge.targets[0] ?? '') && { stub }),
        },
      ];
    });
  return {
    width: Math.round(graph.width ?? 0),
    height: Math.round(graph.height ?? 0),
    states: Object.fromEntries([...places].filter(([id]) => id !== rootId && !isStub(id))) as Record<
      string,
      StatePlace
    >,
    panels: {},
    edges: Object.fromEntries(edges),
  };
};

/** The boxes' texts, moved to the right where a line would run through them. */
export const clear = (part: Part, listed: (path: string) => readonly ChartEdge[], layout: Layout): Layout => {
  const verticals = Object.values(layout.edges).flatMap(({ points }) => segmentsOf(points));
  const shiftOf = (state: ChartState, [x, y, width, height]: StatePlace): number => {
    const text = boxOf(state, listed(state.path));
    const free = width - text.width;
    const isCrossed = (shift: number): boolean =>
      verticals.some(
        ([x1, y1, x2, y2]) =>
          Math.max(x1, x2) > x + shift + 4 &&
          Math.min(x1, x2) < x + shift + text.width - 4 &&
          Math.max(y1, y2) > y + 2 &&
          Math.min(y1, y2) < y + Math.min(text.height, height) - 2,
      );
    for (let shift = 0; shift <= free; shift += 4) if (!isCrossed(shift)) return shift;
    return 0;
  };
  const withShift = (state: ChartState): [string, StatePlace][] => {
    const place = layout.states[state.path];
    if (!place || state.states.length === 0 || part.isClosed(state)) return place ? [[state.path, place]] : [];
    const shift = shiftOf(state, place);
    const [x, y, width, height] = place;
    return [[state.path, shift === 0 ? place : [x, y, width, height, shift]], ...state.states.flatMap(withShift)];
  };
  return { ...layout, states: Object.fromEntries([...(part.frame ? [part.frame] : part.states)].flatMap(withShift)) };
};

type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

/** The straight pieces of a line. */
export const segmentsOf = (points: readonly number[]): Segment[] =>
  points.flatMap((x, index): Segment[] => {
    const [y, toX, toY] = points.slice(index + 1);
    return index % 2 === 0 && y !== undefined && toX !== undefined && toY !== undefined ? [[x, y, toX, toY]] : [];
  });
