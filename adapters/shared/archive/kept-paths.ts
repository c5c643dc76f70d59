/** The client's own folder, git's history (whose config may hold a token), and what the host installed. */
const always = ['.pepeunit', '.git', 'node_modules'];

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/**
 * Creates the predicate of paths, relative to the unit's folder, that no update installs, replaces or removes.
 *
 * @param declared Files and folders with the unit's data, such as its log.
 */
export const keptPaths = (declared: readonly string[]): ((path: string) => boolean) => {
  const kept = [...always, ...declared];
  return (path) => kept.some((folder) => isWithin(path, folder));
};
