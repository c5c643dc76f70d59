import { render, type IActionType, type IState, type IStateMachine, type ITransition } from 'state-machine-cat';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { isWithin, labelOf, rowsOf, transitionsOf } from './labels.ts';

const tagColors: Readonly<Record<string, string>> = { faulty: '#b42318', busy: '#175cd3', ready: '#067647' };

const colorOf = ({ tags }: AnyStateNode): { color?: string } => {
  const tag = Object.keys(tagColors).find((name) => tags.includes(name));
  return tag === undefined ? {} : { color: tagColors[tag] as string };
};

const nameOf = (node: AnyStateNode): string => [node.machine.id, ...node.path].join('/');

const children = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states);

const boxOf = (rows: readonly string[]): { actions?: IActionType[] } =>
  rows.length === 0 ? {} : { actions: rows.map((body) => ({ type: 'activity', body })) };

/** The state that is in force first when a state is entered. */
const firstIn = (node: AnyStateNode): AnyStateNode => {
  const [first] = node.type === 'compound' ? node.initial.target : [];
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
  const [first] = node.initial.target;
  if (node.type !== 'compound' || first === undefined) return { states: [], lines: [] };
  const name = `${nameOf(node)}/initial`;
  return { states: [{ name, type: 'initial' }], lines: [{ from: name, to: nameOf(first) }] };
};

/** What a region looks like, whatever it is named and invokes. */
const shapeOf = (node: AnyStateNode): string =>
  JSON.stringify(
    children(node).map((child) => [
      child.key,
      rowsOf(child).map((row) => row.replace(/^do \/.*/, 'do /')),
      linesOf(child).map(({ label }) => label),
      shapeOf(child),
    ]),
  );

/** The regions of a parallel state; those that look the same are drawn once, under all their names. */
const regionsOf = (node: AnyStateNode): AnyStateNode[][] => {
  if (node.type !== 'parallel') return children(node).map((child) => [child]);
  const alike = new Map<string, AnyStateNode[]>();
  for (const region of children(node)) {
    const shape = children(region).length === 0 ? region.key : shapeOf(region);
    alike.set(shape, [...(alike.get(shape) ?? []), region]);
  }
  return [...alike.values()];
};

type Rows = (node: AnyStateNode) => readonly string[];

/** Rows that fit every region that looks the same. */
const commonRows: Rows = (node) => rowsOf(node).map((row) => row.replace(/^do \/.*/, 'do / that machine'));

const stateOf = (node: AnyStateNode, rows: Rows = rowsOf, label = node.key): IState => ({
  name: nameOf(node),
  label,
  type: node.type === 'parallel' || node.type === 'final' ? node.type : 'regular',
  ...colorOf(node),
  ...boxOf(rows(node)),
  ...(children(node).length === 0 ? {} : { statemachine: { states: statesIn(node, rows) } }),
});

const regionOf = (alike: readonly AnyStateNode[], rows: Rows): IState[] => {
  const [first, ...others] = alike;
  if (first === undefined) return [];
  if (others.length === 0) return [stateOf(first, rows)];
  return [stateOf(first, commonRows, `each of ${alike.map(({ key }) => key).join(', ')}`)];
};

const statesIn = (node: AnyStateNode, rows: Rows = rowsOf): IState[] => [
  ...startOf(node).states,
  ...regionsOf(node).flatMap((alike) => regionOf(alike, rows)),
];

const allLinesOf = (node: AnyStateNode): Omit<ITransition, 'id'>[] => [
  ...startOf(node).lines,
  ...linesOf(node),
  ...regionsOf(node).flatMap((alike) => alike.slice(0, 1).flatMap(allLinesOf)),
];

/** What a machine does in whatever state it is, as a box beside its states. */
const anywhere = (root: AnyStateNode): IState[] => {
  const rows = rowsOf(root);
  if (rows.length === 0) return [];
  return [{ name: `${root.id}/anywhere`, label: 'in any state', type: 'regular', ...boxOf(rows) }];
};

const statesOf = (root: AnyStateNode): IState[] =>
  root.type === 'parallel' ? [stateOf(root)] : [...statesIn(root), ...anywhere(root)];

/** A machine as state-machine-cat takes it. */
const chartOf = ({ root }: AnyStateMachine): IStateMachine => ({
  states: statesOf(root),
  transitions: allLinesOf(root).map((line, index) => ({ id: index + 1, ...line })),
});

const attributes = (values: Record<string, string | number>) =>
  Object.entries(values).map(([name, value]) => ({ name, value: String(value) }));

/** Text is laid out larger than it is drawn, so that it fits its boxes in wider fonts than Helvetica too. */
const drawnSize = (layoutSize: string): string => (Number(layoutSize) * 0.86).toFixed(2);
const fonts = 'Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** How pictures are laid out. */
export const layout = {
  dotGraphAttrs: attributes({
    ordering: '""',
    newrank: 'true',
    bgcolor: 'white',
    nodesep: 0.5,
    ranksep: 0.5,
    pad: 0.2,
  }),
  dotNodeAttrs: attributes({ fontsize: 14 }),
  dotEdgeAttrs: attributes({ color: '"#667085"', fontcolor: '"#344054"', fontsize: 12 }),
};

/** A picture with its title, in fonts that most readers have. */
export const inFonts = (svg: string, title: string): string =>
  svg
    .replaceAll(/font-size="([\d.]+)"/g, (_, size: string) => `font-size="${drawnSize(size)}"`)
    .replaceAll(/font-family="[^"]*"/g, `font-family="${fonts}"`)
    .replace('<title>state transitions</title>', `<title>${escaped(title)}</title>`);

/** Draws a machine. The same machine gives the same text everywhere: a bundled Graphviz lays it out, not the host's. */
export const draw = async (machine: AnyStateMachine): Promise<string> => {
  const svg = await render(chartOf(machine), {
    inputType: 'json',
    outputType: 'oldsvg',
    direction: 'top-down',
    ...layout,
  });
  return inFonts(svg, `${machine.id}: ${machine.config.description ?? ''}`);
};
