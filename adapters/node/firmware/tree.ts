import { statsOf, type FileSystem, type PathStats } from '../fs/file-system.ts';
import { isTemporaryName } from '../fs/temporary-files.ts';
import { inside, walkTree } from '../fs/file-tree.ts';
import { privateName } from './layout.ts';

/**
 * Kind of a path: `unit` is the folder of another unit, `kept` is never touched by updates, `other` is neither file,
 * folder nor link, or its name is not valid text.
 */
export type NodeKind = 'file' | 'link' | 'folder' | 'unit' | 'kept' | 'other';

export interface TreeNode {
  readonly kind: NodeKind;
  readonly mode: number;
  readonly dev: number;
}

/** Nodes of a folder by relative path, with `/` as separator; without the contents of `unit` and `kept` folders. */
export type Tree = ReadonlyMap<string, TreeNode>;

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const kindOf = (path: string, stats: PathStats): NodeKind => {
  if (path.includes('\uFFFD')) return 'other';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isFile() ? 'file' : 'other';
};

const permissions = 0o7777;

/** Reads the tree of a folder without following links or listing temporary files of writes in progress. */
export const readTree = async (
  fs: FileSystem,
  folder: string,
  isKept: (path: string) => boolean = () => false,
): Promise<Tree> => {
  const tree = new Map<string, TreeNode>();
  const isUnit = async (path: string): Promise<boolean> =>
    (await statsOf(fs, inside(folder, `${path}/${privateName}`))) !== undefined;
  const kindAt = async (path: string, stats: PathStats): Promise<NodeKind> => {
    if (isKept(path)) return 'kept';
    const kind = kindOf(path, stats);
    return kind === 'folder' && (await isUnit(path)) ? 'unit' : kind;
  };
  for await (const { path, stats } of walkTree(folder, (entered) => tree.get(entered)?.kind === 'folder', fs)) {
    if (isTemporaryName(nameOf(path))) continue;
    tree.set(path, { kind: await kindAt(path, stats), mode: stats.mode & permissions, dev: stats.dev });
  }
  return tree;
};
