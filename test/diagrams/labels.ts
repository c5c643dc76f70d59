import type { AnyStateNode, AnyTransitionDefinition } from 'xstate';

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

/** What brings a transition about. */
export const labelOf = (transition: AnyTransitionDefinition): string =>
  `${triggerOf(transition)}${guardOf(transition)}`.trim() || 'else';

/** Every transition that a state declares, `always` first. */
export const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...(node.always ?? []),
  ...[...node.transitions.values()].flat(),
];

const isInside = (inner: AnyStateNode, outer: AnyStateNode): boolean =>
  inner !== outer && outer.path.every((key, depth) => inner.path[depth] === key);

/** Whether a transition stays within its own state, so that it is written into the state's box. */
export const isWithin = ({ source, target }: AnyTransitionDefinition): boolean =>
  target === undefined || target.every((to: AnyStateNode) => isInside(to, source));

const rowOf = (transition: AnyTransitionDefinition): string =>
  transition.target === undefined
    ? labelOf(transition)
    : `${labelOf(transition)} → ${transition.target.map((to: AnyStateNode) => to.key).join(', ')}`;

const mostRows = 10;

/** Rows that are events alone, shortened to one row for each subject: `mqtt: connect, want`. */
const bySubject = (rows: readonly string[]): string[] => {
  const verbs = new Map<string, string[]>();
  for (const row of rows) {
    const [subject = '', verb = ''] = row.split('.');
    verbs.set(subject, [...(verbs.get(subject) ?? []), verb]);
  }
  return [...verbs].map(([subject, all]) => `${subject}: ${all.join(', ')}`);
};

/** What is written into a state's box: what it invokes, and the transitions that stay within it. */
export const rowsOf = (node: AnyStateNode): string[] => {
  const rows = [...new Set(transitionsOf(node).filter(isWithin).map(rowOf))];
  const isPlain = rows.every((row) => /^[a-z-]+\.[a-zA-Z]+$/.test(row));
  return [
    ...node.invoke.map(({ id }) => `do / ${id}`),
    ...(isPlain && rows.length > mostRows ? bySubject(rows) : rows),
  ];
};
