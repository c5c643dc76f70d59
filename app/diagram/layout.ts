import type { ChartEdge } from './chart.ts';

/** Where a state's box stands: left, top, width, height, and how far its text is moved to the right of its place. */
export type StatePlace = readonly [x: number, y: number, width: number, height: number, textShift?: number];

/** Where a line runs. */
export interface EdgePlace {
  /** Corners of the line from its source to its target, x and y in turns. */
  readonly points: readonly number[];
  /** Left and top of its label. Without one, the box of its source lists what the label would say. */
  readonly label?: readonly [x: number, y: number];
  /** The box at which it ends instead of its target, and which names that: left, top, width, height. */
  readonly stub?: readonly [x: number, y: number, width: number, height: number];
}

/** Where everything of a chart stands, in pixels of the picture. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  /** By the states' paths, without the root. */
  readonly states: Readonly<Record<string, StatePlace>>;
  /** Of states that are drawn twice: closed among their siblings, and here with what is in them. */
  readonly panels: Readonly<Record<string, StatePlace>>;
  /** By the edges' keys. */
  readonly edges: Readonly<Record<string, EdgePlace>>;
}

/** The lines from a state whose labels its box lists. */
export const listedIn = (layout: Layout, edges: readonly ChartEdge[], path: string): ChartEdge[] =>
  edges.filter(({ from, key, labels }) => {
    const { label, stub } = layout.edges[key] ?? {};
    return from === path && labels.length > 0 && label === undefined && stub === undefined;
  });
