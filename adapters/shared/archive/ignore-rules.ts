/** Tells what a list of patterns leaves out. */
export type IsIgnored = (path: string) => boolean;

interface Rule {
  readonly matches: RegExp;
  readonly isForFolders: boolean;
  readonly includes: boolean;
}

/** A bracket expression, as far as it is closed. */
const bracket = /^\[(?<not>[!^]?)(?<set>\]?(?:\\.|[^\]\\])*)\]/;

/** A character that stands for itself. */
const escaped = (character: string): string => character.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');

/** One piece of a glob at a time: what it reads, and the expression for it. */
const nextPiece = (glob: string, isAtStart: boolean): readonly [length: number, source: string] => {
  if (isAtStart && glob.startsWith('**/')) return [3, '(?:.*/)?'];
  if (isAtStart && glob === '**') return [2, '.+'];
  const stars = /^\*+/.exec(glob)?.[0].length ?? 0;
  if (stars > 0) return [stars, '[^/]*'];
  if (glob.startsWith('?')) return [1, '[^/]'];
  const set = bracket.exec(glob);
  if (set) {
    const { not = '', set: inside = '' } = set.groups ?? {};
    return [set[0].length, `(?!/)[${not === '' ? '' : '^'}${inside.replace(/^\]/, '\\]').replaceAll('[', '\\[')}]`];
  }
  if (glob.startsWith('\\') && glob.length > 1) return [2, escaped(glob.slice(1, 2))];
  return [1, escaped(glob.slice(0, 1))];
};

const sourceOf = (glob: string): string => {
  let source = '';
  for (let at = 0; at < glob.length;) {
    const [length, piece] = nextPiece(glob.slice(at), at === 0 || glob[at - 1] === '/');
    source += piece;
    at += length;
  }
  return source;
};

const ruleOf = (line: string): Rule | undefined => {
  const text = line.replace(/\r$/, '').replace(/(?<!\\) +$/, '');
  if (text === '' || text.startsWith('#')) return undefined;
  const includes = text.startsWith('!');
  const pattern = includes ? text.slice(1) : text;
  const isForFolders = pattern.endsWith('/');
  const bare = isForFolders ? pattern.slice(0, -1) : pattern;
  const isAnchored = bare.includes('/');
  const glob = bare.startsWith('/') ? bare.slice(1) : bare;
  if (glob === '') return undefined;
  try {
    return { matches: new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${sourceOf(glob)}$`, 'su'), isForFolders, includes };
  } catch {
    // A bracket expression that means nothing matches nothing.
    return undefined;
  }
};

/**
 * Reads patterns as .gitignore has them (git-scm.com/docs/gitignore): the last one that matches decides, and nothing
 * comes back that lies in a folder which is left out.
 *
 * @returns Whether a file, by its path relative to where the patterns lie with `/` between the parts, is left out.
 */
export const ignoreRules = (text: string): IsIgnored => {
  const rules = text.split('\n').flatMap((line) => ruleOf(line) ?? []);
  const isLeftOut = (path: string, isFolder: boolean): boolean =>
    rules.findLast(({ matches, isForFolders }) => (isFolder || !isForFolders) && matches.test(path))?.includes ===
    false;
  return (path) => {
    const parts = path.split('/');
    const folders = parts.slice(0, -1).map((_, at) => parts.slice(0, at + 1).join('/'));
    return folders.some((folder) => isLeftOut(folder, true)) || isLeftOut(path, false);
  };
};
