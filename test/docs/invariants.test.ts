import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/invariants.md'), 'utf8');

/** The ids that start a list item of a section; of the whole page without one. */
const idsIn = (heading?: string): string[] => {
  const section = heading === undefined ? page : (page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '');
  const item = heading === undefined ? /^- \*\*([A-Z]\d+)\*\* / : /^- ([A-Z]\d+)(?=:|$)/;
  return section.split('\n').flatMap((line) => item.exec(line)?.[1] ?? []);
};

const described = idsIn();
const inPart = idsIn('Held in part');
const notHeld = idsIn('Not held yet');

/** `test` in `test(...)`, `test.each(...)(...)`, `test.concurrent(...)`. */
const calledName = (node: ts.Expression): string | undefined => {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) return calledName(node.expression);
  return ts.isTaggedTemplateExpression(node) ? calledName(node.tag) : undefined;
};

const titlesOf = (path: string): string[] => {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ['describe', 'it', 'test'].includes(calledName(node.expression) ?? '')) {
      const [title] = node.arguments;
      if (title && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) titles.push(title.getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true));
  return titles;
};

const titles = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path) => titlesOf(join(root, 'test', path)));

const id = /\b[UMSLPCX]\d+\b/g;
const brackets = /\(([^()]*)\)/g;
const cited = new Set(
  titles.flatMap((title) => [...title.matchAll(brackets)].flatMap(([, ids]) => ids?.match(id) ?? [])),
);

describe('docs/invariants.md', () => {
  test('describes each invariant once', () => expect(described).toEqual([...new Set(described)]));

  test('describes each invariant that a test title cites', () =>
    expect([...cited].filter((name) => !described.includes(name))).toEqual([]));

  test('lists as not held exactly those that no test title cites', () =>
    expect(notHeld.toSorted()).toEqual(described.filter((name) => !cited.has(name)).toSorted()));

  test('lists as held in part only what some test cites', () =>
    expect(inPart.filter((name) => !cited.has(name))).toEqual([]));

  test('finds each id of a title in brackets', () =>
    expect(titles.filter((title) => title.replace(brackets, '').match(id))).toEqual([]));
});
