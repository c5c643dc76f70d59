import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build } from 'rolldown';

const root = resolve(import.meta.dirname, '../..');

/** Something whose size people pay for. */
export interface Subject {
  readonly name: string;
  readonly about: string;
  /** A built entry, which is bundled and minified, or files of `dist/` that are as they are sent. */
  readonly entry?: string;
  readonly files?: readonly string[];
  /** Whether what it depends on is in it too. */
  readonly isWhole: boolean;
  /** Most bytes that it may have, gzipped. */
  readonly budget: number;
}

const kB = 1_000;

/** What is measured, and the budget of each. */
export const subjects: readonly Subject[] = [
  {
    name: 'machines',
    about: 'all statecharts, without XState',
    entry: 'dist/machines/index.js',
    isWhole: false,
    budget: 32 * kB,
  },
  {
    name: 'services',
    about: 'contracts and pure values, without XState',
    entry: 'dist/services/index.js',
    isWhole: false,
    budget: 16 * kB,
  },
  {
    name: 'browser unit',
    about: 'a unit in a page, with all that it depends on',
    entry: 'dist/app/browser.js',
    isWhole: true,
    budget: 225 * kB,
  },
  {
    name: 'inspector page',
    about: 'what a browser loads to show units',
    files: ['index.html', 'page.css', 'page.js'].map((name) => `dist/inspector/${name}`),
    isWhole: true,
    budget: 60 * kB,
  },
];

export interface Size {
  readonly name: string;
  readonly about: string;
  readonly minified: number;
  readonly gzipped: number;
  readonly budget: number;
}

/** Texts that are sent for a subject, one for each file. */
const textsOf = async ({ entry, files = [], isWhole }: Subject): Promise<string[]> => {
  if (entry === undefined) return Promise.all(files.map((name) => readFile(resolve(root, name), 'utf8')));
  const { output } = await build({
    input: resolve(root, entry),
    platform: 'browser',
    write: false,
    ...(!isWhole && { external: (id: string) => !/^[./]/.test(id) }),
    checks: { ineffectiveDynamicImport: false, bundlerTimings: false },
    output: { format: 'esm', minify: true, comments: false },
  });
  return output.flatMap((file) => (file.type === 'chunk' ? [file.code] : []));
};

const gzipped = promisify(gzip);

const sum = (all: readonly Uint8Array[]): number => all.reduce((total, { length }) => total + length, 0);

/** Measures a subject of the built package. */
export const sizeOf = async (subject: Subject): Promise<Size> => {
  const { name, about, budget } = subject;
  const bytes = (await textsOf(subject)).map((text) => Buffer.from(text));
  const packed = await Promise.all(bytes.map((one) => gzipped(one, { level: 9 })));
  return { name, about, minified: sum(bytes), gzipped: sum(packed), budget };
};

/** The sizes that are over their budget. */
export const overBudget = (sizes: readonly Size[]): Size[] => sizes.filter((size) => size.gzipped > size.budget);
