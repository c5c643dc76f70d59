import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { anchorsIn, pageAt, pages, proseOf, type Page } from './pages.ts';
import { root } from './public-members.ts';

interface Link {
  readonly target: string;
  readonly isPicture: boolean;
}

const linksIn = (page: Page): Link[] => {
  const text = proseOf(page).replaceAll(/`[^`\n]*`/g, '``');
  return [
    ...[...text.matchAll(/(!?)\[(?:[^[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)/g)].map(([, mark, target = '']) => ({
      target,
      isPicture: mark === '!',
    })),
    ...[...text.matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, target = '']) => ({ target, isPicture: true })),
  ];
};

const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly repository?: { readonly url: string };
};
/** Where the repository is shown, such as `https://host/owner/name`. */
const home = repository?.url.replace(/^git\+/, '').replace(/\.git$/, '');

/** The file of this repository that a link leads to; `undefined` for a link to elsewhere. */
const fileOf = (page: Page, target: string): string | undefined => {
  const [path = ''] = target.split('#');
  if (!/^[a-z]+:/.test(path)) return path === '' ? page.path : join(dirname(page.path), path);
  const [, owned] = /\/(?:blob|raw|-\/blob|-\/raw)\/main\/(.+)$/.exec(path) ?? [];
  const isRaw = home !== undefined && path.startsWith(home.replace('//github.com', '//raw.githubusercontent.com'));
  if (isRaw && owned === undefined) return path.split('/main/')[1];
  return home !== undefined && path.startsWith(home) ? owned : undefined;
};

const packedFiles = async (): Promise<readonly string[]> => {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  const [packed] = JSON.parse(stdout) as [{ readonly files: readonly { readonly path: string }[] }];
  return packed.files.map(({ path }) => path);
};

describe.each(pages.map((page) => [page.path, page] as const))('%s', (_, page) => {
  test('leads to files that there are, and to headings that they have', () => {
    const faults = linksIn(page).filter(({ target }) => {
      const file = fileOf(page, target);
      if (file === undefined) return false;
      const [, anchor] = target.split('#');
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && file.endsWith('.md') && !anchorsIn(pageAt(file)).includes(anchor);
    });
    expect(faults.map(({ target }) => target)).toEqual([]);
  });
});

test('every relative link of the README is to a file of the package', async () => {
  const packed = await packedFiles();
  const relative = linksIn(pageAt('README.md')).filter(({ target }) => !/^([a-z]+:|#)/.test(target));
  expect(relative.map(({ target }) => target.split('#')[0]).filter((path = '') => !packed.includes(path))).toEqual([]);
});

test('every picture of the README is shown wherever it is read', () => {
  const pictures = linksIn(pageAt('README.md')).filter(({ isPicture }) => isPicture);
  expect(pictures.length).toBeGreaterThan(1);
  expect(pictures.map(({ target }) => target).filter((target) => !target.startsWith('https://'))).toEqual([]);
});
