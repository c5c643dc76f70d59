import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere } from '../if-there.ts';

/** What became of the files of a unit, by their names as they are on the disk. */
export interface Written {
  readonly written: readonly string[];
  /** Files that were there and got more lines. */
  readonly changed: readonly string[];
  /** Files that were there and stayed as they were. */
  readonly kept: readonly string[];
}

/** Names that say the same of a file, such as `README.md` and `LICENCE.txt`. */
const alike: Readonly<Record<string, RegExp>> = {
  'readme.md': /^readme\.md$/i,
  LICENSE: /^licen[cs]e(\.(md|txt))?$/i,
};

const nameThere = (name: string, names: readonly string[]): string | undefined =>
  names.find((one) => one === name || alike[name]?.test(one));

/** The pattern of a line of an ignore file, without what changes nothing about a name at the root. */
const patternOf = (line: string): string => line.trim().replace(/^\//, '').replace(/\/$/, '');

const withLines = (text: string, lines: readonly string[]): string => {
  const there = new Set(text.split('\n').map(patternOf));
  const missing = lines.filter((line) => !there.has(patternOf(line)));
  if (missing.length === 0) return text;
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return `${start}${missing.join('\n')}\n`;
};

/** What to write into a folder. */
export interface Contents {
  /** Texts of files, by name; a file that is there stays. */
  readonly files: Readonly<Record<string, string>>;
  /** Lines that files must have, by name. */
  readonly lines: Readonly<Record<string, readonly string[]>>;
  /** Texts of files that are replaced. */
  readonly replaced: Readonly<Record<string, string>>;
}

/** Writes a unit's files into a folder, which is made where there is none. */
export const writeContents = async (folder: string, { files, lines, replaced }: Contents): Promise<Written> => {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  const result = { written: [] as string[], changed: [] as string[], kept: [] as string[] };
  for (const [name, text] of Object.entries(files)) {
    const there = nameThere(name, names);
    if (there === undefined) await writeFile(join(folder, name), text, { flag: 'wx' });
    result[there === undefined ? 'written' : 'kept'].push(there ?? name);
  }
  const changes = Object.entries(lines).map(async ([name, wanted]) => {
    const before = await readIfThere(join(folder, name));
    return [name, before, withLines(before ?? '', wanted)] as const;
  });
  const replacements = Object.entries(replaced).map(async ([name, text]) => {
    return [name, await readIfThere(join(folder, name)), text] as const;
  });
  for (const [name, before, text] of await Promise.all([...changes, ...replacements])) {
    if (before === text) {
      result.kept.push(name);
      continue;
    }
    await writeFile(join(folder, name), text);
    result[before === undefined ? 'written' : 'changed'].push(name);
  }
  return result;
};
