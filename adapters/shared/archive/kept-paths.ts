/**
 * The client's own folder, git's history (whose config may hold a token), and what the host installed; in any case, since
 * many disks ignore it.
 */
const always: ReadonlySet<string> = new Set(['.pepeunit', '.git', 'node_modules']);

const rootOf = (path: string): string => path.split('/', 1)[0] ?? '';

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/**
 * Creates the predicate of paths, relative to the unit's folder, that no update installs, replaces or removes.
 *
 * @param declared Files and folders with the unit's data, such as its log.
 */
export const keptPaths =
  (declared: readonly string[]) =>
  (path: string): boolean =>
    always.has(rootOf(path).toLowerCase()) || declared.some((folder) => isWithin(path, folder));
