import type { Chart, ChartEdge, ChartState } from './chart.ts';

const within = (path: string, region: ChartState): boolean =>
  path === region.path || path.startsWith(`${region.path}.`);

/** A path as seen from the region that it is in. */
const local = (path: string, region: ChartState): string => path.slice(region.path.length);

/** What a region looks like, whatever it is named and runs. */
const shapeOf = (region: ChartState, edges: readonly ChartEdge[]): string => {
  const shape = (state: ChartState): unknown => [
    local(state.path, region),
    state.activities.length,
    state.rows.map(({ text }) => text),
    state.states.map(shape),
  ];
  const lines = edges
    .filter(({ from }) => within(from, region))
    .map(({ from, to, labels }) => [local(from, region), local(to, region), labels.map(({ text }) => text)]);
  return JSON.stringify([shape(region), lines]);
};

/** One state in place of states that look the same. */
const merged = ([first, ...others]: readonly [ChartState, ...ChartState[]], name: string): ChartState => {
  const all = [first, ...others];
  const isSame = all.every(({ activities }) => activities.join() === first.activities.join());
  return {
    ...first,
    name,
    activities: isSame ? first.activities : ['its own'],
    paths: all.flatMap(({ paths }) => paths),
    states: first.states.map((child, index) => {
      const same = others.flatMap(({ states }) => states.slice(index, index + 1));
      return merged([child, ...same], child.name);
    }),
  };
};

/** The regions of a parallel state in groups that look the same. */
const groupsOf = (regions: readonly ChartState[], edges: readonly ChartEdge[]) => {
  const alike = new Map<string, [ChartState, ...ChartState[]]>();
  for (const region of regions) {
    const shape = region.states.length === 0 ? region.path : shapeOf(region, edges);
    const before = alike.get(shape);
    if (before) before.push(region);
    else alike.set(shape, [region]);
  }
  return [...alike.values()];
};

/** A state with one region for those that look the same; adds the others to `dropped`. */
const mergedIn = (state: ChartState, edges: readonly ChartEdge[], dropped: ChartState[]): ChartState => {
  const states = state.states.map((child) => mergedIn(child, edges, dropped));
  if (state.type !== 'parallel') return { ...state, states };
  const groups = groupsOf(states, edges);
  dropped.push(...groups.flatMap((regions) => regions.slice(1)));
  return {
    ...state,
    states: groups.map((regions) =>
      regions.length === 1 ? regions[0] : merged(regions, regions.map(({ name }) => name).join(', ')),
    ),
  };
};

/**
 * Draws the regions of a parallel state that look the same as one, under all their names.
 * The paths of each state that is left tell for which ones it stands.
 */
export const mergeAlike = ({ id, root, edges }: Chart): Chart => {
  const dropped: ChartState[] = [];
  const drawn = mergedIn(root, edges, dropped);
  return { id, root: drawn, edges: edges.filter(({ from }) => !dropped.some((region) => within(from, region))) };
};
