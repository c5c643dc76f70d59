import ts from 'typescript';

/** What a mutant changes: the first ten are changes of charts, the others of functions. */
export const kinds = [
  'drop transition',
  'retarget transition',
  'drop guard',
  'negate guard',
  'drop action',
  'reorder actions',
  'slow delay',
  'drop error branch',
  'drop entry or exit',
  'negate condition',
  'drop operand',
  'swap comparison',
  'drop statement',
  'drop element',
  'change constant',
] as const;

export type Kind = (typeof kinds)[number];

/** Text that replaces a span of the source. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One small fault in one source file. */
export interface Mutant {
  /** Path from the project's root. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly kind: Kind;
  /** Names around the change, from outside: `wifiMachine.states.idle.entry`. */
  readonly where: string;
  /** The text that was, and the text in its place, each on one line. */
  readonly was: string;
  readonly becomes: string;
  readonly edits: readonly Edit[];
}

/** A change that a kind of mutation finds at a node. */
export interface Change {
  readonly kind: Kind;
  readonly node: ts.Node;
  readonly edits: readonly Edit[];
}

/** The source with a mutant's fault in it. */
export const applyEdits = (source: string, edits: readonly Edit[]): string =>
  edits
    .toSorted((one, other) => other.start - one.start)
    .reduce((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), source);

/** The edit that replaces a node. */
export const replaced = (node: ts.Node, text: string): Edit => ({ start: node.getStart(), end: node.end, text });

/** The edit that removes an element of a list, and the comma after it. */
export const removed = (node: ts.Node): Edit => {
  const rest = node.getSourceFile().text.slice(node.end);
  const [comma = ''] = /^\s*,/.exec(rest) ?? [];
  return { start: node.getStart(), end: node.end + comma.length, text: '' };
};

const nameOf = (node: ts.Node): string | undefined => {
  if (ts.isArrayLiteralExpression(node.parent)) return `[${node.parent.elements.indexOf(node as ts.Expression)}]`;
  const isNamed = ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node) || ts.isFunctionDeclaration(node);
  if (!isNamed || !node.name) return undefined;
  return ts.isStringLiteral(node.name) ? node.name.text : node.name.getText();
};

/** Names around a node, from outside. */
export const whereIs = (node: ts.Node): string => {
  const names: string[] = [];
  for (let at = node; !ts.isSourceFile(at); at = at.parent) names.unshift(nameOf(at) ?? '');
  return names.filter((name) => name !== '').join('.');
};

const maxShown = 160;

/** A piece of source on one line. */
export const shown = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > maxShown ? `${line.slice(0, maxShown)} …` : line;
};
