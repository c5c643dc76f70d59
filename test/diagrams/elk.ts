import ElkConstructor, {
  type ELK,
  type ElkExtendedEdge,
  type ElkNode,
  type LayoutOptions,
} from 'elkjs/lib/elk.bundled.js';
import { boxOf, labelOf, stubOf, type Box } from '../../app/diagram/box.ts';
import type { ChartEdge, ChartState } from '../../app/diagram/chart.ts';
import { movedBy } from './pack.ts';
import type { EdgePlace, Layout, StatePlace } from '../../app/diagram/layout.ts';

/** The layout engine. */
export const elk: ELK = new (ElkConstructor as unknown as new () => ELK)();

/** Space around each part. */
export const inner = 8;

const common: LayoutOptions = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.randomSeed': '1',
  'elk.padding': `[top=${inner},left=${inner},bottom=${inner},right=${inner}]`,
  'elk.spacing.nodeNode': '20',
  'elk.spacing.edgeNode': '12',
  'elk.spacing.edgeEdge': '9',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelLabel': '4',
  'elk.layered.spacing.nodeNodeBetweenLayers': '22',
  'elk.layered.spacing.edgeNodeBetweenLayers': '11',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
};

/** One way to lay a part out. */
export interface Way {
  readonly direction: 'DOWN' | 'RIGHT';
  /** Which lines run backwards: as few as possible, or those that lead to what the chart says earlier. */
  readonly cycles: 'GREEDY' | 'MODEL_ORDER';
  /** What keeps the order in which the chart says it. */
  readonly keeps: 'NONE' | 'PREFER_EDGES';
  /** Whether the states that are entered first come before all others. */
  readonly isStartFirst: boolean;
  /** A state from which more lines lead lists their labels in its box. */
  readonly maxLabelled: number;
}

const optionsOf = ({ direction, cycles, keeps }: Way): LayoutOptions => ({
  ...common,
  'elk.direction': direction,
  'elk.layered.cycleBreaking.strategy': cycles,
  'elk.layered.considerModelOrder.strategy': keeps,
});

/** A part of a chart that is laid out by itself: states, and the lines from them. */
export interface Part {
  /** The region or the panel that it is, whose border is around it. */
  readonly frame: ChartState | undefined;
  readonly states: readonly ChartState[];
  readonly edges: readonly ChartEdge[];
  /** Whether a state is drawn without what is in it. */
  readonly isClosed: (state: ChartState) => boolean;
  /** Whether a line ends at a stub. */
  readonly isStubbed: (edge: ChartEdge) => boolean;
}

/** Space between the border of a state and the states in it. */
const inset = 14;

const sizeOf = ({ width, height }: Box): LayoutOptions => ({
  'elk.padding': `[top=${height + 6},left=${inset},bottom=${inset},right=${inset}]`,
  'elk.nodeSize.constraints': 'MINIMUM_SIZE',
  'elk.nodeSize.minimum': `(${width},${height})`,
});

interface Drawing extends Part {
  readonly way: Way;
  readonly isListed: (edge: ChartEdge) => boolean;
}

const rootId = 'root';

const stubId = ({ key }: ChartEdge): string => `stub ${key}`;

const stubsBeside = (states: readonly ChartState[], { edges, isStubbed }: Part): ElkNode[] =>
  edges
    .filter((edge) => isStubbed(edge) && states.some(({ path }) => path === edge.from))
    .map((edge) => {
      const { width, height } = stubOf(edge);
      return { id: stubId(edge), width, height };
    });

const nodesOf = (states: readonly ChartState[], drawing: Drawing): ElkNode[] => [
  ...states.map((state) => nodeOf(state, drawing)),
  ...stubsBeside(states, drawing),
];

const constraintOf = ({ isFirst }: ChartState, { way }: Drawing): LayoutOptions =>
  isFirst && way.isStartFirst ? { 'elk.layered.layering.layerConstraint': 'FIRST' } : {};

const nodeOf = (state: ChartState, drawing: Drawing): ElkNode => {
  const { edges, isListed, isClosed } = drawing;
  const shown = isClosed(state) ? { ...state, states: [] } : state;
  const box = boxOf(
    shown,
    edges.filter((edge) => edge.from === state.path && isListed(edge)),
  );
  const own = constraintOf(state, drawing);
  if (shown.states.length === 0) return { id: state.path, width: box.width, height: box.height, layoutOptions: own };
  return {
    id: state.path,
    layoutOptions: { ...own, ...sizeOf(box) },
    children: nodesOf(state.states, drawing),
  };
};

const edgeOf = (edge: ChartEdge, { isStubbed, isListed }: Drawing): ElkExtendedEdge => {
  const { width, height } = labelOf(edge);
  const isBare = isListed(edge) || isStubbed(edge) || edge.labels.length === 0;
  return {
    id: edge.key,
    sources: [edge.from],
    targets: [isStubbed(edge) ? stubId(edge) : edge.to],
    labels: isBare ? [] : [{ text: edge.key, width: width + 2, height }],
  };
};

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

const placed = (graph: ElkNode): Layout => {
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
          ...(stub && edge.targets[0]?.startsWith('stub ') && { stub }),
        },
      ];
    });
  return {
    width: Math.round(graph.width ?? 0),
    height: Math.round(graph.height ?? 0),
    states: Object.fromEntries([...places].filter(([id]) => id !== rootId && !id.startsWith('stub '))) as Record<
      string,
      StatePlace
    >,
    panels: {},
    edges: Object.fromEntries(edges),
  };
};

/** The boxes' texts, moved to the right where a line would run through them. */
const clear = (part: Part, listed: (path: string) => readonly ChartEdge[], layout: Layout): Layout => {
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

const withMargin = (layout: Layout, margin: number): Layout => ({
  ...movedBy(margin, margin, layout),
  width: layout.width + 2 * margin,
  height: layout.height + 2 * margin,
});

/** Lays a part out in one way. */
export const layOut = async (part: Part, way: Way): Promise<Layout> => {
  const lined = part.edges.filter((edge) => !part.isStubbed(edge));
  const isListed = (edge: ChartEdge): boolean =>
    !part.isStubbed(edge) && lined.filter(({ from }) => from === edge.from).length > way.maxLabelled;
  const drawing = { ...part, way, isListed };
  const graph = await elk.layout({
    id: part.frame?.path ?? rootId,
    layoutOptions: { ...optionsOf(way), ...(part.frame && sizeOf(boxOf(part.frame, []))) },
    children: nodesOf(part.states, drawing),
    edges: part.edges.map((edge) => edgeOf(edge, drawing)),
  });
  const layout = clear(
    part,
    (path) => part.edges.filter((edge) => edge.from === path && isListed(edge)),
    placed(graph),
  );
  return part.frame ? withMargin(layout, inner) : layout;
};
