import type { Chart, ChartEdge, ChartState } from '../chart.ts';
import type { Layout } from '../layout.ts';

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

/** A part with more states than this has its largest states in panels of their own. */
const maxStates = 24;

/** Fewest states in a panel, with the state itself. */
const minPanel = 8;

/** More lines into one state than this end at stubs. */
const maxInto = 8;

/** A state and all in it. */
export const withChildren = (state: ChartState): ChartState[] => [state, ...state.states.flatMap(withChildren)];

const isInside = (path: string, state: ChartState): boolean => path.startsWith(`${state.path}.`);

const panelsIn = (states: readonly ChartState[]): ChartState[] =>
  states.flatMap((state) => (withChildren(state).length >= minPanel ? [state] : panelsIn(state.states)));

/** Divides a root or a region into what is laid out by itself: large states apart, as panels. */
const divided = (frame: ChartState | undefined, states: readonly ChartState[], edges: readonly ChartEdge[]): Part[] => {
  const panels = states.flatMap(withChildren).length > maxStates ? panelsIn(states) : [];
  const panelOf = (path: string) => panels.find((panel) => isInside(path, panel));
  const isElsewhere = (path: string): boolean => frame !== undefined && !isInside(path, frame);
  const isStubbed = ({ from, to }: ChartEdge): boolean =>
    isElsewhere(to) || panelOf(from) !== panelOf(to) || edges.filter((one) => one.to === to).length > maxInto;
  const partOf = (within: ChartState | undefined): Part => ({
    frame: within ?? frame,
    states: within ? within.states : states,
    edges: edges.filter(({ from }) => panelOf(from) === within),
    isClosed: (state) => state !== within && panels.includes(state),
    isStubbed,
  });
  return [undefined, ...panels].map(partOf);
};

/** The parts of a chart that are laid out by themselves. */
export const partsOf = ({ root, edges }: Chart): Part[] => {
  if (root.type !== 'parallel') return divided(undefined, root.states, edges);
  return root.states.flatMap((region) =>
    region.states.length === 0
      ? divided(undefined, [region], [])
      : divided(
          region,
          region.states,
          edges.filter(({ from }) => isInside(from, region)),
        ),
  );
};

/** The layout of a part, whose frame is a panel unless it is a region. */
export const asPanel = ({ root }: Chart, part: Part | undefined, layout: Layout): Layout => {
  const { path } = part?.frame ?? {};
  if (path === undefined || (root.type === 'parallel' && !path.includes('.'))) return layout;
  const { [path]: panel, ...states } = layout.states;
  return panel ? { ...layout, states, panels: { [path]: panel } } : layout;
};
