import type { ElkExtendedEdge, ElkNode, LayoutOptions } from 'elkjs/lib/elk-api.js';
import { boxOf, labelOf, stubOf, type Box } from '../box.ts';
import type { ChartEdge, ChartState } from '../chart.ts';
import type { Part } from './parts.ts';
import { optionsOf, type Way } from './way.ts';

/** Space between the border of a state and the states in it. */
const inset = 14;

const sizeOf = ({ width, height }: Box): LayoutOptions => ({
  'elk.padding': `[top=${height + 6},left=${inset},bottom=${inset},right=${inset}]`,
  'elk.nodeSize.constraints': 'MINIMUM_SIZE',
  'elk.nodeSize.minimum': `(${width},${height})`,
});

/** A part as it is drawn in a way. */
export interface Drawing extends Part {
  readonly way: Way;
  readonly isListed: (edge: ChartEdge) => boolean;
}

// No path of a state begins with a control character.
export const rootId = '\u0001root';

const stubPrefix = '\u0001stub ';
const stubId = ({ key }: ChartEdge): string => `${stubPrefix}${key}`;

/** Whether a node of the graph is a stub. */
export const isStub = (id: string): boolean => id.startsWith(stubPrefix);

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

/** The graph of a part, for the engine. */
export const graphOf = (drawing: Drawing): ElkNode => {
  const { frame, states, edges, way } = drawing;
  return {
    id: frame?.path ?? rootId,
    layoutOptions: { ...optionsOf(way), ...(frame && sizeOf(boxOf(frame, []))) },
    children: nodesOf(states, drawing),
    edges: edges.map((edge) => edgeOf(edge, drawing)),
  };
};
