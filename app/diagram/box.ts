import type { ChartEdge, ChartState, Label } from './chart.ts';
import { lineHeight, widthOf, wrap, type FontKind } from './text.ts';

/** A line of text, and the transition that it is about. */
export interface Line {
  readonly text: string;
  readonly kind: FontKind;
  /** How far it is moved to the right. */
  readonly indent: number;
  /** Whether it stands at the top again, beside the lines before it. */
  readonly isBeside?: boolean;
  readonly label?: Label;
  /** Key of the line to the transition's target. */
  readonly edge?: string;
}

/** What is written into a state's box, and the room that it takes. */
export interface Box {
  readonly names: readonly Line[];
  readonly rows: readonly Line[];
  readonly width: number;
  readonly height: number;
}

/** Space around the text in a box, and above its rows. */
export const boxPadding = { x: 10, y: 5, rows: 6 } as const;

/** Space around the text in a stub. */
export const stubPadding = { x: 7, y: 3 } as const;

const indent = 10;

/** Widest text before it is broken into lines. */
const maxWidth = { name: 260, label: 118 } as const;

/** Most rows before they are written by subject. */
const maxRows = 10;

const line = (text: string, kind: FontKind, more: Partial<Line> = {}): Line => ({ text, kind, indent: 0, ...more });

/** Events a row for each subject: `mqtt: connect, want`. */
const bySubject = (rows: readonly Label[]): Line[] => {
  const verbs = new Map<string, string[]>();
  for (const { text } of rows) {
    const [subject = '', verb = ''] = text.split('.');
    verbs.set(subject, [...(verbs.get(subject) ?? []), verb]);
  }
  return [...verbs].flatMap(([subject, all]) =>
    wrap(`${subject}: ${all.join(', ')}`.split(' '), 'row', maxWidth.name).map((text, index) =>
      line(text, 'row', { indent: index === 0 ? 0 : indent }),
    ),
  );
};

/** The transitions that stay within a state, as rows; many events without a guard are one row for each subject. */
export const rowsOf = ({ rows }: ChartState): Line[] => {
  const isPlain = rows.every(({ text }) => /^[a-z-]+\.[a-zA-Z]+$/.test(text));
  if (isPlain && rows.length > maxRows) return bySubject(rows);
  return rows.map((label) => line(label.text, 'row', { label }));
};

/** A path as seen from another one: without the keys that they share. */
const seenFrom = (from: string, to: string): string => {
  const [here, there] = [from.split('.'), to.split('.')];
  const shared = there.findIndex((key, depth) => key !== here[depth]);
  return there.slice(shared === -1 ? there.length - 1 : shared).join('.');
};

/** What leads to a target, as rows under its name. */
const exitRows = ({ key, from, to, labels }: ChartEdge): Line[] => [
  line(`→ ${seenFrom(from, to)}`, 'exit', { edge: key }),
  ...labels.flatMap((label) => line(label.text, 'row', { indent, label, edge: key })),
];

/** What the box says at which a line ends instead of its target. */
export const stubOf = (edge: ChartEdge): { lines: readonly Line[]; width: number; height: number } => {
  const lines = exitRows(edge);
  return { lines, width: widest(lines) + 2 * stubPadding.x, height: heightOf(lines) + 2 * stubPadding.y };
};

const widest = (lines: readonly Line[]): number =>
  Math.ceil(Math.max(0, ...lines.map(({ text, kind, indent: moved }) => widthOf(text, kind) + moved)));

const heightOf = (lines: readonly Line[]): number => lines.reduce((sum, { kind }) => sum + lineHeight[kind], 0);

const columnGap = 16;

/** Fewest targets that a state with states in it lists in two columns. */
const minInColumns = 3;

/** Puts what a state lists into two columns of about the same height. */
const inColumns = (groups: readonly Line[][]): { rows: Line[]; height: number } => {
  const half = heightOf(groups.flat()) / 2;
  const split = groups.findIndex((_, index) => heightOf(groups.slice(0, index + 1).flat()) >= half) + 1;
  const [left, right] = [groups.slice(0, split).flat(), groups.slice(split).flat()];
  const moved = widest(left) + columnGap;
  const beside = right.map((row, index) => ({ ...row, indent: row.indent + moved, isBeside: index === 0 }));
  return { rows: [...left, ...beside], height: Math.max(heightOf(left), heightOf(right)) };
};

/** What is written into a state's box, with the lines that it lists instead of labels. */
export const boxOf = (state: ChartState, listed: readonly ChartEdge[]): Box => {
  const names = wrap(state.name.split(' '), 'name', maxWidth.name).map((text) => line(text, 'name'));
  const own = [...state.activities.map((activity) => line(`do / ${activity}`, 'row')), ...rowsOf(state)];
  const groups = [own, ...listed.map(exitRows)];
  const isWide = state.states.length > 0 && listed.length >= minInColumns;
  const { rows, height } = isWide ? inColumns(groups) : { rows: groups.flat(), height: heightOf(groups.flat()) };
  return {
    names,
    rows,
    width: widest([...names, ...rows]) + 2 * boxPadding.x,
    height: heightOf(names) + height + 2 * boxPadding.y + (rows.length > 0 ? boxPadding.rows : 0),
  };
};

/** What stands beside a line: a long guard under its trigger. */
export const labelOf = ({ key, labels }: ChartEdge): { lines: readonly Line[]; width: number; height: number } => {
  const lines = labels.flatMap((label) => {
    const [trigger = '', guard] = label.text.split(' [');
    if (guard === undefined || widthOf(label.text, 'row') <= maxWidth.label)
      return [line(label.text, 'row', { label, edge: key })];
    return [line(trigger, 'row', { label, edge: key }), line(`[${guard}`, 'row', { indent, label, edge: key })];
  });
  return { lines, width: widest(lines), height: heightOf(lines) };
};
