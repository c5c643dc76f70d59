import { statsOf, type FileSystem, type PathStats } from '../fs/file-system.ts';
import { isTemporaryName } from '../fs/temporary-files.ts';
import { inside, privateName } from './layout.ts';

/**
 * What is at a path: `unit` is a folder of another unit, `kept` what no update touches, `other` neither a file, a
 * folder nor a link, or a name that is no text.
 */
export type NodeKind = 'file' | 'link' | 'folder' | 'unit' | 'kept' | 'other';

export interface TreeNode {
  readonly kind: NodeKind;
  readonly mode: number;
  readonly dev: number;
}

/** What is in a folder, by its path relative to it, with `/` between its parts; what is in `unit` and `kept` is not. */
export type Tree = ReadonlyMap<string, TreeNode>;

const kindOf = (name: string, stats: PathStats): NodeKind => {
  if (name.includes('\uFFFD')) return 'other';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isFile() ? 'file' : 'other';
};

const permissions = 0o7777;

/** Lists a folder and what is below it, links not followed; files that are being written are none yet. */
export const readTree = async (
  fs: FileSystem,
  folder: string,
  isKept: (path: string) => boolean = () => false,
): Promise<Tree> => {
  const tree = new Map<string, TreeNode>();
  const enter = async (above: string, names: readonly string[]): Promise<void> => {
    for (const name of names.filter((each) => !isTemporaryName(each)).toSorted()) {
      const path = above === '' ? name : `${above}/${name}`;
      const stats = await statsOf(fs, inside(folder, path));
      if (!stats) continue;
      const node = { kind: kindOf(name, stats), mode: stats.mode & permissions, dev: stats.dev };
      if (isKept(path)) tree.set(path, { ...node, kind: 'kept' });
      else if (node.kind === 'folder') await enterFolder(path, node);
      else tree.set(path, node);
    }
  };
  const enterFolder = async (path: string, node: TreeNode): Promise<void> => {
    const names = await fs.readdir(inside(folder, path));
    const isUnit = names.includes(privateName);
    tree.set(path, isUnit ? { ...node, kind: 'unit' } : node);
    if (!isUnit) await enter(path, names);
  };
  await enter('', await fs.readdir(folder));
  return tree;
};
