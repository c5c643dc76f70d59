import { chartOf, type Chart, type ChartState } from '../diagram/chart.ts';
import { childrenOf, tagsOf, type StateConfig } from '../diagram/config.ts';
import type { Layout } from '../diagram/layout.ts';
import { layouts } from '../diagram/layouts.ts';
import { mergeAlike } from '../diagram/regions.ts';
import { isJsonObject, type JsonValue } from '../../services/json.ts';
import type { StateValue } from './wire.ts';

/** How a machine does in a state: the tags that have a meaning for people. */
export type Tag = 'ready' | 'busy' | 'faulty' | 'plain';

/** What a state value means in its chart. */
export interface ValueView {
  /** The state's name, as short as people say it. */
  readonly name: string;
  readonly tag: Tag;
  /** Paths of all active states, without the root. */
  readonly active: readonly string[];
  /** Paths of the innermost ones. */
  readonly leaves: readonly string[];
  /** Types of events that are accepted now, as the config has them. */
  readonly events: readonly string[];
}

/** A machine's chart, as far as it is known. */
export interface ChartView {
  readonly chart: Chart | undefined;
  /** Where everything stands; `undefined` where something has no place. */
  readonly layout: Layout | undefined;
  valueOf(value: string): ValueView;
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** Paths of the innermost states of a value. */
export const leavesOf = (value: StateValue, path = ''): string[] => {
  if (typeof value === 'string') return [join(path, value)];
  const regions = Object.entries(value);
  if (regions.length === 0) return path === '' ? [] : [path];
  return regions.flatMap(([key, inner]) => leavesOf(inner, join(path, key)));
};

/** A path and those of the states around it, innermost first. */
const around = (path: string): string[] => {
  const keys = path.split('.');
  return keys.map((_, index) => keys.slice(0, keys.length - index).join('.'));
};

const configAt = (config: StateConfig | undefined, path: string): StateConfig | undefined =>
  path
    .split('.')
    .reduce<StateConfig | undefined>((state, key) => state && Object.fromEntries(childrenOf(state))[key], config);

const known = ['faulty', 'busy', 'ready'] as const;

/** The tag of the innermost state that has one. */
const tagOf = (config: StateConfig | undefined, leaf: string): Tag => {
  for (const path of around(leaf)) {
    const state = configAt(config, path);
    const tag = known.find((one) => state && tagsOf(state).includes(one));
    if (tag) return tag;
  }
  return 'plain';
};

/** The last two keys of a path: enough to tell `waiting.soon` from another one that comes soon. */
const lastKeys = (path: string): string => path.split('.').slice(-2).join('.');

/** Of parallel regions the first one names the whole, unless another one is faulty. */
const headline = (config: StateConfig | undefined, leaves: readonly string[]): Pick<ValueView, 'name' | 'tag'> => {
  const [first = ''] = leaves;
  const tag = tagOf(config, first);
  const faulty = leaves.slice(1).find((leaf) => tagOf(config, leaf) === 'faulty');
  if (faulty === undefined || tag === 'faulty') return { name: lastKeys(first), tag };
  return { name: `${lastKeys(first)}, ${lastKeys(faulty)}`, tag: 'faulty' };
};

const eventsOf = (config: StateConfig | undefined, active: readonly string[]): string[] => {
  const states = config ? [...active.map((path) => configAt(config, path)), config] : [];
  return [...new Set(states.flatMap((state) => Object.keys(state?.on ?? {})))].toSorted();
};

const withChildren = (state: ChartState): ChartState[] => [state, ...state.states.flatMap(withChildren)];

/** The layout of a chart, if it has a place for every state and edge. */
const layoutOf = ({ id, root, edges }: Chart): Layout | undefined => {
  const layout = Object.hasOwn(layouts, id) ? layouts[id] : undefined;
  if (!layout) return undefined;
  const hasStates = withChildren(root)
    .slice(1)
    .every(({ path }) => Object.hasOwn(layout.states, path) || Object.hasOwn(layout.panels, path));
  return hasStates && edges.every(({ key }) => Object.hasOwn(layout.edges, key)) ? layout : undefined;
};

const unknownValue: ValueView = { name: '', tag: 'plain', active: [], leaves: [], events: [] };

/**
 * Reads a machine's config for people; a config that is none gives a view without chart.
 * @example chartViewOf({ id: 'door', initial: 'shut', states: { shut: {} } }).valueOf('"shut"').name // 'shut'
 */
export const chartViewOf = (given: JsonValue | undefined): ChartView => {
  const config = isJsonObject(given) ? (given as unknown as StateConfig) : undefined;
  const chart = config && mergeAlike(chartOf(config));
  const views = new Map<string, ValueView>();
  const read = (text: string): ValueView => {
    if (text === '') return unknownValue;
    const leaves = leavesOf(JSON.parse(text) as StateValue);
    const active = [...new Set(leaves.flatMap(around))];
    return { ...headline(config, leaves), leaves, active, events: eventsOf(config, active) };
  };
  return {
    chart,
    layout: chart && layoutOf(chart),
    valueOf: (text) => {
      const view = views.get(text) ?? read(text);
      views.set(text, view);
      return view;
    },
  };
};
