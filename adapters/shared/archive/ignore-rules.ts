import ignore from 'ignore';

/** Whether patterns leave a path out: relative to where they lie, with `/` between its parts; a folder's ends with `/`. */
export type IsIgnored = (path: string) => boolean;

/**
 * Reads patterns as git reads a .gitignore, case-sensitively (git-scm.com/docs/gitignore): the last match decides, and
 * nothing comes back from a folder that is left out.
 */
export const ignoreRules = (text: string): IsIgnored => {
  const rules = ignore({ ignorecase: false }).add(text);
  return (path) => rules.ignores(path);
};
