import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../app/cli/commands.ts';
import { runCli } from '../support/cli.ts';
import { createFolder } from '../support/folder.ts';
import { blocksIn, codesIn, pages, proseOf, type Page } from './pages.ts';
import { root } from './public-members.ts';

/** What a page tells a reader to type: lines of `sh` blocks, and commands in its text. */
const typedIn = (page: Page): string[] =>
  [...blocksIn(page, 'sh').flatMap((block) => block.split('\n')), ...codesIn(proseOf(page))].map((line) =>
    line.replace(/\s+#.*$/, '').trim(),
  );

const scriptsIn = (folder: string): string[] =>
  Object.keys((JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { scripts: object }).scripts);

/** Scripts that a reader has: those of this repository, and those of a unit that `init` has made. */
let scripts: string[];
beforeAll(async () => {
  const { path, remove } = await createFolder();
  await runCli(['init', join(path, 'my-unit')]);
  scripts = [root, join(path, 'my-unit')].flatMap(scriptsIn);
  await remove();
});

describe.each(pages.map((page) => [page.path, page] as const))('%s', (_, page) => {
  const typed = typedIn(page);
  const ofPepeunit = typed.flatMap((line) => {
    const [, words] = /^(?:npx )?pepeunit(?:-client)? ([a-z].*)$/.exec(line) ?? [];
    return words === undefined ? [] : [words.split(/\s+/)];
  });

  test('names commands that there are, with options that they have', async () => {
    for (const [name = '', ...words] of ofPepeunit) {
      expect(commands.map((command) => command.name)).toContain(name);
      const { stdout } = await runCli([name, '--help']);
      for (const word of words.filter((each) => each.startsWith('--')))
        expect(stdout, `pepeunit ${name} ${word}`).toMatch(new RegExp(`^\\s+(-\\w, )?${word}\\b`, 'm'));
    }
  });

  test('names scripts that there are', () => {
    const named = typed.flatMap((line) => /^npm run ([\w:-]+)/.exec(line)?.[1] ?? []);
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });
});
