const always = ['.pepeunit'];
const unlessBrought = ['node_modules', '.git'];

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/**
 * Creates the predicate of paths, relative to the unit's folder, that updates never touch: the client's own folder, the
 * unit's declared data, and dependencies and git history unless the new version brings them.
 *
 * @param declared Files and folders with the unit's data, such as its log.
 * @param brought Paths of the new version.
 */
export const keptPaths = (declared: readonly string[], brought: Iterable<string>): ((path: string) => boolean) => {
  const roots = new Set(Array.from(brought, (path) => path.split('/', 1)[0]));
  const kept = [...always, ...declared, ...unlessBrought.filter((name) => !roots.has(name))];
  return (path) => kept.some((folder) => isWithin(path, folder));
};
