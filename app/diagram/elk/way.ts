import type { ElkNode, LayoutOptions } from 'elkjs/lib/elk-api.js';

/** Gives everything of a graph its place, as `layout` of elkjs does. @throws What the engine throws: some options contradict each other. */
export type Engine = (graph: ElkNode) => Promise<ElkNode>;

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

export const optionsOf = ({ direction, cycles, keeps }: Way): LayoutOptions => ({
  ...common,
  'elk.direction': direction,
  'elk.layered.cycleBreaking.strategy': cycles,
  'elk.layered.considerModelOrder.strategy': keeps,
});
