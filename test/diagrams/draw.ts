import { render, type IActionType, type IState, type IStateMachine, type ITransition } from 'state-machine-cat';
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

const tagColors: Readonly<Record<string, string>> = { faulty: '#b42318', busy: '#175cd3', ready: '#067647' };

const colorOf = ({ tags }: AnyStateNode): { color?: string } => {
  const tag = Object.keys(tagColors).find((name) => tags.includes(name));
  return tag === undefined ? {} : { color: tagColors[tag] as string };
};

const nameOf = (node: AnyStateNode): string => [node.machine.id, ...node.path].join('/');

const guardOf = ({ guard }: AnyTransitionDefinition): string => {
  if (guard === undefined) return '';
  const type = typeof guard === 'object' ? (guard as { type: string }).type : guard;
  return ` [${String(type)}]`;
};

const triggers: readonly [pattern: RegExp, words: string][] = [
  [/^xstate\.done\.actor\..*$/, 'done'],
  [/^xstate\.error\.actor\..*$/, 'failed'],
  [/^xstate\.done\.state\..*$/, 'done'],
  [/^xstate\.after\.([^.]*)\..*$/, 'after $1'],
];

const triggerOf = ({ eventType }: AnyTransitionDefinition): string => {
  const [pattern, words] = triggers.find(([known]) => known.test(eventType)) ?? [/^/, ''];
  return eventType.replace(pattern, words);
};

const labelOf = (transition: AnyTransitionDefinition): string =>
  `${triggerOf(transition)}${guardOf(transition)}`.trim() || 'else';

const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...(node.always ?? []),
  ...[...node.transitions.values()].flat(),
];

const isInside = (inner: AnyStateNode, outer: AnyStateNode): boolean =>
  inner !== outer && outer.path.every((key, depth) => inner.path[depth] === key);

const children = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states);

/** Whether a transition stays within its own state, so that it is written into the state's box. */
const isWithin = ({ source, target }: AnyTransitionDefinition): boolean =>
  target === undefined || target.every((to: AnyStateNode) => isInside(to, source));

const rowOf = (transition: AnyTransitionDefinition): string =>
  transition.target === undefined
    ? labelOf(transition)
    : `${labelOf(transition)} → ${transition.target.map((to: AnyStateNode) => to.key).join(', ')}`;

const rowsOf = (node: AnyStateNode): { actions?: IActionType[] } => {
  const rows = [...node.invoke.map(({ id }) => `do / ${id}`), ...transitionsOf(node).filter(isWithin).map(rowOf)];
  return rows.length === 0 ? {} : { actions: [...new Set(rows)].map((body) => ({ type: 'activity', body })) };
};

/** The state that is in force first when a state is entered. */
const firstIn = (node: AnyStateNode): AnyStateNode => {
  const [first] = node.type === 'compound' ? (node.initial.target ?? []) : [];
  return first === undefined ? node : firstIn(first);
};

/** Transitions between the same two states share one line. */
const linesOf = (node: AnyStateNode): Omit<ITransition, 'id'>[] => {
  const lines = new Map<string, { from: string; to: string; labels: string[] }>();
  for (const transition of transitionsOf(node).filter((one) => !isWithin(one))) {
    for (const target of transition.target as AnyStateNode[]) {
      const [from, to] = [nameOf(node), nameOf(firstIn(target))];
      const line = lines.get(to) ?? { from, to, labels: [] };
      lines.set(to, { ...line, labels: [...line.labels, labelOf(transition)] });
    }
  }
  return [...lines.values()].map(({ from, to, labels }) => ({ from, to, label: [...new Set(labels)].join('\n') }));
};

const startOf = (node: AnyStateNode): { states: IState[]; lines: Omit<ITransition, 'id'>[] } => {
  const [first] = node.initial.target ?? [];
  if (node.type !== 'compound' || first === undefined) return { states: [], lines: [] };
  const name = `${nameOf(node)}/initial`;
  return { states: [{ name, type: 'initial' }], lines: [{ from: name, to: nameOf(first) }] };
};

const stateOf = (node: AnyStateNode): IState => ({
  name: nameOf(node),
  label: node.key,
  type: node.type === 'parallel' || node.type === 'final' ? node.type : 'regular',
  ...colorOf(node),
  ...rowsOf(node),
  ...(children(node).length === 0
    ? {}
    : { statemachine: { states: [...startOf(node).states, ...children(node).map(stateOf)] } }),
});

const allLinesOf = (node: AnyStateNode): Omit<ITransition, 'id'>[] => [
  ...startOf(node).lines,
  ...linesOf(node),
  ...children(node).flatMap(allLinesOf),
];

/** What a machine does in whatever state it is, as a box beside its states. */
const anywhere = (root: AnyStateNode): IState[] => {
  const { actions } = rowsOf(root);
  return actions === undefined
    ? []
    : [{ name: `${root.id}/anywhere`, label: 'in any state', type: 'regular', actions }];
};

const statesOf = (root: AnyStateNode): IState[] =>
  root.type === 'parallel'
    ? [stateOf(root)]
    : [...startOf(root).states, ...children(root).map(stateOf), ...anywhere(root)];

/** A machine as state-machine-cat takes it. */
export const chartOf = ({ root }: AnyStateMachine): IStateMachine => ({
  states: statesOf(root),
  transitions: allLinesOf(root).map((line, index) => ({ id: index + 1, ...line })),
});

const attributes = (values: Record<string, string | number>) =>
  Object.entries(values).map(([name, value]) => ({ name, value: String(value) }));

/** Text is laid out larger than it is drawn, so that it fits its boxes in wider fonts than Helvetica too. */
const drawnSize = (layoutSize: string): string => (Number(layoutSize) * 0.86).toFixed(2);
const fonts = 'Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif';

/** Draws a machine. The same machine gives the same text everywhere: a bundled Graphviz lays it out, not the host's. */
export const draw = async (machine: AnyStateMachine): Promise<string> => {
  const svg = await render(chartOf(machine), {
    inputType: 'json',
    outputType: 'oldsvg',
    direction: 'top-down',
    dotGraphAttrs: attributes({ ordering: '""', newrank: 'true', bgcolor: 'white', nodesep: 0.5, ranksep: 0.5, pad: 0.2 }),
    dotNodeAttrs: attributes({ fontsize: 14 }),
    dotEdgeAttrs: attributes({ color: '"#667085"', fontcolor: '"#344054"', fontsize: 12 }),
  });
  return svg
    .replaceAll(/font-size="([\d.]+)"/g, (_, size: string) => `font-size="${drawnSize(size)}"`)
    .replaceAll(/font-family="[^"]*"/g, `font-family="${fonts}"`)
    .replace('<title>state transitions</title>', `<title>${machine.id}: ${machine.config.description ?? ''}</title>`);
};
