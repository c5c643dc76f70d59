import type { Chart, ChartEdge, ChartState } from '../../app/diagram/chart.ts';
import { chartOf } from '../../app/diagram/chart.ts';
import type { StateConfig } from '../../app/diagram/config.ts';
import { ownMachines } from '../../app/diagram/own.ts';

const isInside = (path: string, { path: outer }: ChartState): boolean => path.startsWith(`${outer}.`);

/** A state without words, and without what is too deep in it. */
const outlined = (state: ChartState, id: string, depth: number): ChartState => ({
  ...state,
  path: `${id}.${state.path}`,
  paths: [],
  description: '',
  activities: [],
  rows: [],
  type: depth === 0 ? 'atomic' : state.type,
  states: depth === 0 ? [] : state.states.map((child) => outlined(child, id, depth - 1)),
});

const withChildren = (state: ChartState): ChartState[] => [state, ...state.states.flatMap(withChildren)];

/** Lines between what is shown: those from or to a state that is too deep are its ancestor's. */
const liftedEdges = (edges: readonly ChartEdge[], id: string, shown: ReadonlySet<string>): ChartEdge[] => {
  const lifted = (path: string): string => {
    const known = `${id}.${path}`;
    return shown.has(known) ? known : lifted(path.split('.').slice(0, -1).join('.'));
  };
  const pairs = edges.map(({ from, to }) => [lifted(from), lifted(to)] as const);
  const lines = pairs
    .filter(([from, to]) => from !== to && !to.startsWith(`${from}.`) && !from.startsWith(`${to}.`))
    .map(([from, to]): [string, ChartEdge] => [`${from}>${to}`, { key: `${from}>${to}`, from, to, labels: [] }]);
  return [...new Map(lines).values()];
};

/** Of the unit only its life cycle is shown, as its other regions start and watch the children. */
const shownOf = ({ root, edges }: Chart): Pick<Chart, 'root' | 'edges'> => {
  const [lifecycle] = root.states.filter(({ path }) => path === 'lifecycle');
  return lifecycle
    ? { root: lifecycle, edges: edges.filter(({ from }) => isInside(from, lifecycle)) }
    : { root, edges };
};

/** The states of all machines at a glance, and which leads to which. */
export const overviewOf = (): Chart => {
  const charts = ownMachines.map(({ id, config }) => ({ id, ...shownOf(chartOf(config as StateConfig)) }));
  const regions = charts.map(({ id, root, edges }) => {
    const depth = root.type === 'parallel' || id === 'unit' ? 1 : 0;
    const states = root.states.map((state) => outlined(state, id, depth));
    const region: ChartState = { ...root, ...outlined({ ...root, states: [] }, id, 0), path: id, name: id, states };
    const shown = new Set(states.flatMap(withChildren).map(({ path }) => path));
    return { region: { ...region, type: root.type, tags: [] }, edges: liftedEdges(edges, id, shown) };
  });
  return {
    id: 'overview',
    root: {
      path: '',
      name: 'The statecharts of a unit',
      type: 'parallel',
      isFirst: false,
      tags: [],
      description:
        'The life cycle of the unit, and its children: it starts them, watches them, and turns their facts into commands for the others.',
      activities: [],
      rows: [],
      states: regions.map(({ region }) => region),
      paths: [],
    },
    edges: regions.flatMap(({ edges }) => edges),
  };
};
