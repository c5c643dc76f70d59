import { childrenOf, declaredIn, firstKeyOf, invokesOf, tagsOf, type Declared, type StateConfig } from './config.ts';

/** What a line, or a row in a state's box, says of one transition. */
export interface Label {
  /** Trigger and guard: `link.closed [isRefusal]`. */
  readonly text: string;
  /** Type of the event as an inspector reports it, without what follows the delay's or the actor's name. */
  readonly event: string;
}

/** A state as it is drawn. */
export interface ChartState {
  /** Keys from the root, joined by dots: `linked.open`; empty for the root. */
  readonly path: string;
  readonly name: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** Whether its parent enters it first. */
  readonly isFirst: boolean;
  readonly tags: readonly string[];
  readonly description: string;
  /** Names of the actors that it runs. */
  readonly activities: readonly string[];
  /** Transitions that stay within it, which have no line. */
  readonly rows: readonly Label[];
  readonly states: readonly ChartState[];
  /** Paths of all states that this one stands for. */
  readonly paths: readonly string[];
}

/** One line of a chart: every transition from one state to another. */
export interface ChartEdge {
  /** `from>to`, by paths. */
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly labels: readonly Label[];
}

/** A statechart as it is drawn: what it says, without where it stands. */
export interface Chart {
  readonly id: string;
  readonly root: ChartState;
  readonly edges: readonly ChartEdge[];
}

interface Place {
  readonly path: readonly string[];
  readonly config: StateConfig;
}

const placesIn = (place: Place): Place[] => [
  place,
  ...childrenOf(place.config).flatMap(([key, config]) => placesIn({ path: [...place.path, key], config })),
];

const join = (path: readonly string[]): string => path.join('.');

/** Finds the path that a target names, as XState does. */
const resolver = (id: string, places: readonly Place[]) => {
  const ids = new Map(places.map(({ path, config }) => [config.id ?? [id, ...path].join('.'), path]));
  const byId = (target: string): readonly string[] => {
    const known = [...ids.keys()]
      .filter((one) => target === one || target.startsWith(`${one}.`))
      .toSorted((one, other) => other.length - one.length)[0];
    if (known === undefined) return [target];
    const rest = target.slice(known.length + 1);
    return [...(ids.get(known) ?? []), ...(rest === '' ? [] : rest.split('.'))];
  };
  return (source: readonly string[], target: string): readonly string[] => {
    if (target.startsWith('#')) return byId(target.slice(1));
    if (target.startsWith('.')) return [...source, ...target.slice(1).split('.')];
    return [...source.slice(0, -1), ...target.split('.')];
  };
};

const isInside = (inner: readonly string[], outer: readonly string[]): boolean =>
  outer.every((key, depth) => inner[depth] === key);

const textOf = ({ trigger, guard, isElse }: Declared): string =>
  [trigger, guard !== '' && `[${guard}]`, isElse && '[else]'].filter(Boolean).join(' ') || 'always';

const typeOf = ({ type, states }: StateConfig): ChartState['type'] => {
  if (type === 'parallel' || type === 'final' || type === 'history') return type;
  return states === undefined || Object.keys(states).length === 0 ? 'atomic' : 'compound';
};

interface Transition extends Label {
  readonly from: readonly string[];
  readonly targets: readonly (readonly string[])[];
}

/** A transition within its own state is a row in its box, even if it enters the state anew. */
const isWithin = ({ from, targets }: Transition): boolean => targets.every((target) => isInside(target, from));

const rowOf = ({ text, event, from, targets }: Transition): Label => {
  const names = targets.map((target) => join(target.slice(from.length)) || (from.at(-1) ?? ''));
  return { event, text: names.length === 0 ? text : `${text} → ${names.join(', ')}` };
};

const distinct = (labels: readonly Label[]): Label[] => [
  ...new Map(labels.map((label) => [`${label.event} ${label.text}`, label])).values(),
];

const edgesOf = (transitions: readonly Transition[]): ChartEdge[] => {
  const lines = new Map<string, ChartEdge>();
  for (const { from, targets, text, event } of transitions) {
    for (const to of targets.filter((target) => !isInside(target, from))) {
      const key = `${join(from)}>${join(to)}`;
      const labels = [...(lines.get(key)?.labels ?? []), { text, event }];
      lines.set(key, { key, from: join(from), to: join(to), labels: distinct(labels) });
    }
  }
  return [...lines.values()];
};

/**
 * Reads what a chart shows from a machine's config.
 * @example chartOf(mqttMachine.config).edges.map(({ from, to }) => [from, to])
 */
export const chartOf = (config: StateConfig): Chart => {
  const id = config.id ?? 'machine';
  const places = placesIn({ path: [], config });
  const resolve = resolver(id, places);
  const transitionsOf = ({ path, config: state }: Place): Transition[] =>
    declaredIn(state).map((declared) => ({
      text: textOf(declared),
      event: declared.event,
      from: path,
      targets: declared.targets.map((target) => resolve(path, target)),
    }));
  const stateOf = (place: Place, isFirst: boolean): ChartState => {
    const { path, config: state } = place;
    const first = firstKeyOf(state);
    return {
      path: join(path),
      name: path.at(-1) ?? id,
      type: typeOf(state),
      isFirst,
      tags: tagsOf(state),
      description: state.description ?? '',
      activities: invokesOf(state).map(({ name }) => name),
      rows: distinct(transitionsOf(place).filter(isWithin).map(rowOf)),
      states: childrenOf(state).map(([key, child]) => stateOf({ path: [...path, key], config: child }, key === first)),
      paths: [join(path)],
    };
  };
  return {
    id,
    root: stateOf({ path: [], config }, false),
    edges: edgesOf(places.flatMap(transitionsOf).filter((one) => !isWithin(one))),
  };
};
