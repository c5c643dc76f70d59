import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { chartChanges } from './chart-changes.ts';
import { functionChanges } from './function-changes.ts';
import { applyEdits, kinds, shown, whereIs, type Change, type Mutant } from './mutant.ts';

const project = new URL('../../../', import.meta.url);

const sourceOf = (file: string): string => readFileSync(new URL(file, project), 'utf8');

/** What a fault would say nothing about: types, imports, and the words of a description. */
const isPassedOver = (node: ts.Node): boolean =>
  ts.isTypeNode(node) ||
  ts.isImportDeclaration(node) ||
  ts.isExportDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  (ts.isPropertyAssignment(node) && ['types', 'description'].includes(node.name.getText()));

const changesIn = (file: ts.SourceFile): Change[] => {
  const changes: Change[] = [];
  const visit = (node: ts.Node): void => {
    if (isPassedOver(node)) return;
    changes.push(...chartChanges(node), ...functionChanges(node));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return changes;
};

/** The text that an edit of this change puts in place of its node. */
const becomesOf = ({ node, edits }: Change, source: string): string => {
  const inside = edits.filter(({ start }) => start >= node.getStart());
  const grown = inside.reduce((sum, { start, end, text }) => sum + text.length - (end - start), 0);
  const end = Math.max(node.end, ...inside.map((edit) => edit.end));
  return applyEdits(source, inside).slice(node.getStart(), end + grown);
};

/** Every mutant of one source. */
export const mutantsIn = (file: string, source: string): Mutant[] => {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const seen = new Set<string>();
  return changesIn(parsed).flatMap((change) => {
    const { node, kind, edits } = change;
    const text = applyEdits(source, edits);
    if (seen.has(text)) return [];
    seen.add(text);
    const line = parsed.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    const was = shown(node.getText());
    return [{ file, line, kind, where: whereIs(node), was, becomes: shown(becomesOf(change, source)), edits }];
  });
};

/** Files of the machines and of the functions beside them. */
export const sourceFiles = (): string[] =>
  readdirSync(new URL('machines/', project), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'index.ts')
    .map((path) => `machines/${path}`)
    .toSorted();

/** Every mutant of the project, by file and place. */
export const allMutants = (): Mutant[] => sourceFiles().flatMap((file) => mutantsIn(file, sourceOf(file)));

/** The text of a mutant's file with its fault. */
export const mutatedText = ({ file, edits }: Mutant): string => applyEdits(sourceOf(file), edits);

/** What a mutant is whatever its line: another change in its file leaves it the same. */
export const identityOf = ({ file, where, kind, was, becomes }: Mutant): string =>
  [file, where, kind, was, becomes].join('\n');

/** Mutants in an order that a seed decides; one more or less leaves the order of the others. */
const shuffled = (mutants: readonly Mutant[], seed: number): Mutant[] => {
  const rank = (mutant: Mutant) =>
    createHash('sha256')
      .update(`${seed}\n${identityOf(mutant)}`)
      .digest('hex');
  const ranks = new Map(mutants.map((mutant) => [mutant, rank(mutant)]));
  return mutants.toSorted((one, other) => ((ranks.get(one) ?? '') < (ranks.get(other) ?? '') ? -1 : 1));
};

/** Some of the mutants: one of each kind, and any others until there are enough. */
export const sampleOf = (mutants: readonly Mutant[], count: number, seed: number): Mutant[] => {
  const order = shuffled(mutants, seed);
  const firsts = kinds.flatMap((kind) => order.find((mutant) => mutant.kind === kind) ?? []);
  return [...firsts, ...order.filter((mutant) => !firsts.includes(mutant))].slice(0, Math.max(count, firsts.length));
};
