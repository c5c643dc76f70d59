import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './public-members.ts';

/** A page that people read. */
export interface Page {
  /** Its path in the repository. */
  readonly path: string;
  readonly text: string;
}

const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

/** Every page, those of the root first. */
export const pages: readonly Page[] = [...markdownIn('.'), ...markdownIn('docs')].map((path) => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
}));

/** @throws {Error} There is no such page. */
export const pageAt = (path: string): Page => {
  const page = pages.find((each) => each.path === path);
  if (!page) throw new Error(`There is no ${path}`);
  return page;
};

/** The fenced blocks of a language, oldest first. */
export const blocksIn = ({ text }: Page, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block = '']) => block);

/** A page without its fenced blocks. */
export const proseOf = ({ text }: Page): string => text.replace(/^```[^]*?^```$/gm, '');

/** What stands between backticks outside of blocks. */
export const codesIn = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);

/** The first code in a cell. */
export const codeIn = (cell = ''): string => codesIn(cell)[0] ?? '';

/** The part of a page below a heading, up to the next heading of its level or a higher one. */
export const sectionOf = ({ path, text }: Page, heading: string): string => {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  if (start === -1) throw new Error(`${path} has no heading "${heading}"`);
  const level = lines[start]?.match(/^#+/)?.[0].length ?? 0;
  const length = lines.slice(start + 1).findIndex((line) => (line.match(/^#+ /)?.[0].length ?? Infinity) - 1 <= level);
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n');
};

const isRule = (line: string | undefined): boolean => /^[|\s:-]+$/.test(line ?? '');

/** The rows of all tables in a text, each as its cells; headings are left out. */
export const rowsIn = (text: string): string[][] => {
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines
    .filter((line, index) => !isRule(line) && !isRule(lines[index + 1]))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
};

/** The anchors of a page's headings, as repositories make them. */
export const anchorsIn = (page: Page): string[] =>
  [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .replaceAll(/[`*]|\[|\]\([^)]*\)/g, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
