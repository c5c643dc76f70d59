import type { Chart, ChartState, Label } from './chart.ts';

const idOf = (path: string): string => path.replaceAll(/\W/g, '_');

/** A text that Mermaid shows as it is: it gives colons, semicolons and hashes a meaning. */
const shown = (text: string): string => text.replaceAll(/[:;#]/g, (sign) => `#${sign.codePointAt(0)};`);

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

const linesTo = (from: string, to: string, labels: readonly Label[]): string[] => [
  `${idOf(from)} --> ${idOf(to)} : ${labels.map(({ text }) => shown(text)).join('<br>')}`,
];

/** What a state runs, and what it does without leaving itself, as a note. */
const noteOf = ({ path, activities, rows }: ChartState): string[] => {
  const lines = [...activities.map((name) => `do / ${name}`), ...rows.map(({ text }) => text)];
  return lines.length === 0 ? [] : [`note right of ${idOf(path)}`, ...indented(lines.map(shown)), 'end note'];
};

const stateOf = (state: ChartState): string[] => {
  const { path, name, type, isFirst, states } = state;
  const start = isFirst ? [`[*] --> ${idOf(path)}`] : [];
  const end = type === 'final' ? [`${idOf(path)} --> [*]`] : [];
  const declared = `state "${shown(name)}" as ${idOf(path)}`;
  if (states.length === 0) return [declared, ...noteOf(state), ...start, ...end];
  return [declared, `state ${idOf(path)} {`, ...indented(insideOf(state)), '}', ...noteOf(state), ...start];
};

const insideOf = ({ type, states }: ChartState): string[] =>
  states.flatMap((child, index) => [...(type === 'parallel' && index > 0 ? ['--'] : []), ...stateOf(child)]);

/** Writes a statechart as a Mermaid state diagram. @see https://mermaid.js.org/syntax/stateDiagram.html */
export const mermaidOf = ({ id, root, edges }: Chart): string =>
  [
    '---',
    `title: ${id}`,
    '---',
    'stateDiagram-v2',
    ...indented([
      ...(root.type === 'parallel' ? stateOf({ ...root, path: id, name: id }) : insideOf(root)),
      ...edges.flatMap(({ from, to, labels }) => linesTo(from, to, labels)),
    ]),
    '',
  ].join('\n');
