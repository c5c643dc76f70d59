import ignore from 'ignore';

/**
 * Whether patterns exclude a path: relative to the patterns' folder, with `/` as separator; a folder's path ends with
 * `/`.
 */
export type IsIgnored = (path: string) => boolean;

/**
 * Reads patterns like git's .gitignore, case-sensitively (git-scm.com/docs/gitignore): the last match decides, and
 * nothing inside an excluded folder can be included again.
 *
 * Differs from git where two stars and a slash follow another character, and where `?` or brackets stand for a
 * character outside ASCII, of which git takes each byte for one.
 */
export const ignoreRules = (text: string): IsIgnored => {
  const rules = ignore({ ignorecase: false }).add(text);
  return (path) => rules.ignores(path);
};
