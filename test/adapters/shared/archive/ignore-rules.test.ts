import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ignoreRules } from '../../../../adapters/shared/archive/ignore-rules.ts';
import { createFolder } from '../../../support/folder.ts';

let repository: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ path: repository, remove } = await createFolder());
  execFileSync('git', ['init', '-q', repository]);
});
afterAll(() => remove());

/** What git itself leaves out. */
const ignoredByGit = (patterns: string, paths: readonly string[]): string[] => {
  writeFileSync(join(repository, '.gitignore'), patterns);
  const { stdout } = spawnSync('git', ['check-ignore', '-z', '--stdin', '--no-index'], {
    cwd: repository,
    input: paths.map((path) => `${path}\0`).join(''),
  });
  return stdout
    .toString()
    .split('\0')
    .filter((path) => path !== '');
};

const ignored = (patterns: string, paths: readonly string[]): string[] => paths.filter(ignoreRules(patterns));

const paths = [
  'LICENSE',
  'README.md',
  '.gitignore',
  'main.js',
  'src/main.js',
  'src/lib/main.js',
  'src/lib/a b.txt',
  'docs/a/b/c.md',
  'docs/c.md',
  'build/out.bin',
  'src/build/out.bin',
  'a*b',
  'file[1].txt',
  'file1.txt',
  '#hash',
  '!bang',
  'trailing ',
];

describe('patterns mean what they mean to git', () => {
  test.each([
    'LICENSE\nREADME.md\n.gitignore',
    'build',
    'build/',
    '/build',
    'src/build',
    '*.md\n!README.md',
    'docs/**',
    'docs/**/c.md',
    '**/lib/main.js',
    '**/build',
    'docs/*.md',
    'file[0-9].txt',
    'file[!1].txt',
    'file\\[1\\].txt',
    'a\\*b',
    '\\#hash\n\\!bang\n# a comment\n\n',
    'trailing\\ ',
    'trailing   ',
    '?ain.js',
    'src\n!src/main.js',
    'src/*\n!src/main.js',
    '*\n!src/\n!src/main.js',
    '/',
    '!',
    'src/**/',
    'LICENSE\r\nmain.js\r',
    '\uFEFFLICENSE\nmain.js',
  ])('%j', (patterns) => {
    expect(ignored(patterns, paths)).toEqual(ignoredByGit(patterns, paths));
  });

  test('also those that nobody would write', () => {
    const usual = ['a', 'b', 'A', '*', '**', '***', '?', '.', ' ', '#', '!', '{a,b}', '(a|b)', '+', '$', '^'];
    const brackets = [
      '[ab]',
      '[!a]',
      '[^b]',
      '[a-b]',
      '[b-a]',
      '[a-]',
      '[]a]',
      '[[:alpha:]]',
      '[\\]]',
      '[a/b]',
      '[',
      '[]',
    ];
    const escapes = ['\\', '\\a', '\\*', '\\ ', '\\#', '\\!'];
    const piece = fc.constantFrom(...usual, ...brackets, ...escapes);
    const part = fc
      .array(piece, { minLength: 1, maxLength: 3 })
      .map((pieces) => pieces.join('').replace(/\\+$/, ''))
      .filter((text) => text !== '');
    // `ignore` and git differ where `**` and a slash follow another character: git takes `a**/b` for `ab` and not for `acb`.
    const line = fc
      .tuple(
        fc.constantFrom('', '', '!', '/'),
        fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
        fc.constantFrom('', '/', ' ', '\r'),
      )
      .filter((texts) => !/[^/]\*\*\/|[^/]\*\*\\/.test(texts.join('')));
    const lines = fc.array(line, { minLength: 1, maxLength: 3 });
    const some = [
      'a',
      'b',
      'ab',
      'A',
      'a b',
      '#a',
      '!a',
      '[a]',
      'a*',
      'a/b',
      'b/a',
      'a/a/b',
      'ab/a/b/a',
      'a/b.b',
      '.a',
    ];
    // Nothing outside ASCII: `?` and brackets stand for a byte of UTF-8 in git, and for a UTF-16 unit in `ignore`.
    some.push('b/.a/b', 'a.b/ab', '..a', 'b/a\nb');
    fc.assert(
      fc.property(lines, (written) => {
        const patterns = written.map((texts) => texts.join('')).join('\n');
        expect(ignored(patterns, some)).toEqual(ignoredByGit(patterns, some));
      }),
      { seed: 1, numRuns: 500, interruptAfterTimeLimit: 30_000 },
    );
  });

  test('a folder that is left out is known by the `/` at its end', () => {
    const isIgnored = ignoreRules('build/\n!src/build/');
    expect(['build/', 'build', 'src/build/', 'src/build/out.bin'].map(isIgnored)).toEqual([true, false, false, false]);
  });
});
