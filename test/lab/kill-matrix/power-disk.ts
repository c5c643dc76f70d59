/**
 * A disk in memory that loses power: what was not fsynced is lost, torn or there, as journaling file systems may leave
 * it. Names become durable by an fsync of their folder, contents by one of the file; a rename is atomic.
 */
import { posix } from 'node:path';
import type { FileSystem, PathStats, Content } from '../../../adapters/node/fs/file-system.ts';
import { diskError } from './stepping-fs.ts';

interface Node {
  readonly kind: 'file' | 'folder' | 'link';
  readonly ino: number;
  mode: number;
  content: Uint8Array;
  /** What is on disk of the content. */
  synced: Uint8Array;
  /** A folder's names as they are, and as they are on disk. */
  readonly names: Map<string, Node>;
  readonly durable: Map<string, Node>;
}

interface Place {
  readonly folder: Node;
  readonly name: string;
}

/** A change of names that is not on disk yet. */
interface Change {
  readonly node: Node;
  readonly from?: Place;
  readonly to?: Place;
}

const nothing = new Uint8Array();

let nodes = 0;

const nodeOf = (kind: Node['kind'], mode: number, content: Uint8Array = nothing): Node => ({
  kind,
  ino: (nodes += 1),
  mode,
  content,
  synced: nothing,
  names: new Map(),
  durable: new Map(),
});

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

const bytesOf = async (content: Content): Promise<Uint8Array> => {
  if (typeof content === 'string') return new TextEncoder().encode(content);
  if (content instanceof Uint8Array) return Uint8Array.from(content);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Where a link at a path leads. */
const targetOf = (at: readonly string[], { content }: Node): string => {
  const target = new TextDecoder().decode(content);
  return posix.join(target.startsWith('/') ? '' : posix.join('/', ...at, '..'), target);
};

const isEmpty = (names: ReadonlyMap<string, Node>): boolean => names.size === 0;

const touches =
  (folder: Node) =>
  ({ from, to }: Change): boolean =>
    from?.folder === folder || to?.folder === folder;

const isRemovalOfFolder = ({ node, from, to }: Change): boolean => node.kind === 'folder' && !!from && !to;

/** Makes one change durable, unless what it builds on is not there. A folder that goes takes along what emptied it. */
const apply = (change: Change, all: readonly Change[]): void => {
  const { node, from, to } = change;
  if (from && from.folder.durable.get(from.name) !== node) return;
  const replaced = to?.folder.durable.get(to.name);
  if (replaced && (!from || replaced.kind === 'folder')) return;
  if (isRemovalOfFolder(change)) for (const inner of all.filter(touches(node))) apply(inner, all);
  from?.folder.durable.delete(from.name);
  to?.folder.durable.set(to.name, node);
};

/** The longer half of what is unsynced, all of it or nothing. */
const torn = ({ content, synced }: Node, random: () => number): Uint8Array => {
  if (content === synced) return content;
  const share = random();
  if (share < 0.4) return synced;
  return share < 0.7 ? content.subarray(0, Math.ceil(content.length / 2)) : content;
};

/** A disk, and what can become of it. */
export interface PowerDisk {
  readonly fs: FileSystem;
  /** What is found when the power is back. */
  crash(random: () => number): PowerDisk;
}

const survivors = (changes: readonly Change[], random: () => number): readonly Change[] => {
  const kind = Math.floor(random() * 4);
  if (kind === 0) return [];
  if (kind === 1) return changes;
  if (kind === 2) return changes.slice(0, Math.floor(random() * (changes.length + 1)));
  return changes.filter(() => random() < 0.5);
};

const afterCrash = (root: Node, random: () => number): Node => {
  const seen = new Map<Node, Node>();
  const copy = (node: Node): Node => {
    const known = seen.get(node);
    if (known) return known;
    const content = torn(node, random);
    const made: Node = { ...nodeOf(node.kind, node.mode, content), synced: content };
    seen.set(node, made);
    for (const [name, below] of node.durable) {
      const there = copy(below);
      made.names.set(name, there);
      made.durable.set(name, there);
    }
    return made;
  };
  return copy(root);
};

const statsOf = ({ kind, ino, mode, content }: Node): PathStats => ({
  mode,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  dev: 1,
  ino,
  size: content.length,
  isFile: () => kind === 'file',
  isDirectory: () => kind === 'folder',
  isSymbolicLink: () => kind === 'link',
});

const diskOf = (root: Node): PowerDisk => {
  let pending: Change[] = [];
  const find = (path: string, verb: string): Node => {
    let node = root;
    const parts = partsOf(path);
    for (const [at, name] of parts.entries()) {
      if (node.kind === 'link') return find([targetOf(parts.slice(0, at), node), ...parts.slice(at)].join('/'), verb);
      if (node.kind !== 'folder') throw diskError('ENOTDIR', verb);
      const next = node.names.get(name);
      if (!next) throw diskError('ENOENT', verb);
      node = next;
    }
    return node;
  };
  /** What a path leads to. */
  const follow = (path: string, verb: string): Node => {
    const node = find(path, verb);
    return node.kind === 'link' ? follow(targetOf(partsOf(path), node), verb) : node;
  };
  const placeOf = (path: string, verb: string): Place => {
    const parts = partsOf(path);
    const name = parts.pop() ?? '';
    const folder = follow(parts.join('/'), verb);
    if (folder.kind !== 'folder') throw diskError('ENOTDIR', verb);
    return { folder, name };
  };
  const add = (path: string, verb: string, node: Node): void => {
    const to = placeOf(path, verb);
    if (to.folder.names.has(to.name)) throw diskError('EEXIST', verb);
    to.folder.names.set(to.name, node);
    pending.push({ node, to });
  };
  const remove = (path: string, verb: string, node: Node): void => {
    const from = placeOf(path, verb);
    from.folder.names.delete(from.name);
    pending.push({ node, from });
  };
  const syncNames = (folder: Node): void => {
    const isTouched = touches(folder);
    for (const change of pending.filter(isTouched)) apply(change, pending);
    pending = pending.filter((change) => !isTouched(change));
  };
  const makeFolders = (path: string, mode: number): string | undefined => {
    const parts = partsOf(path);
    let first: string | undefined;
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const above = `/${parts.slice(0, depth).join('/')}`;
      const { folder, name } = placeOf(above, 'mkdir');
      const there = folder.names.get(name);
      if (there && there.kind !== 'folder') throw diskError(depth === parts.length ? 'EEXIST' : 'ENOTDIR', 'mkdir');
      if (there) continue;
      add(above, 'mkdir', nodeOf('folder', mode));
      first ??= above;
    }
    return first;
  };
  const fs: FileSystem = {
    open: async (path, flags, mode = 0o600) => {
      if (flags === 'wx') add(path, 'open', nodeOf('file', mode));
      const node = follow(path, 'open');
      return {
        chmod: async (bits) => void (node.mode = bits),
        chown: async () => undefined,
        writeFile: async (content) => void (node.content = Buffer.concat([node.content, await bytesOf(content)])),
        sync: async () => {
          node.synced = node.content;
          syncNames(node);
        },
        async *createReadStream() {
          yield node.content;
        },
        close: async () => undefined,
      };
    },
    rename: async (fromPath, toPath) => {
      const [from, to] = [placeOf(fromPath, 'rename'), placeOf(toPath, 'rename')];
      const node = find(fromPath, 'rename');
      const there = to.folder.names.get(to.name);
      if (there === node) return;
      if (there?.kind === 'folder' && node.kind !== 'folder') throw diskError('EISDIR', 'rename');
      if (there && node.kind === 'folder') throw diskError(there.kind === 'folder' ? 'ENOTEMPTY' : 'ENOTDIR', 'rename');
      from.folder.names.delete(from.name);
      to.folder.names.set(to.name, node);
      pending.push({ node, from, to });
    },
    unlink: async (path) => {
      const node = find(path, 'unlink');
      if (node.kind === 'folder') throw diskError('EISDIR', 'unlink');
      remove(path, 'unlink', node);
    },
    mkdir: async (path, { mode }) => makeFolders(path, mode),
    stat: async (path) => statsOf(follow(path, 'stat')),
    lstat: async (path) => statsOf(find(path, 'lstat')),
    readdir: async (path) => {
      const node = find(path, 'readdir');
      if (node.kind !== 'folder') throw diskError('ENOTDIR', 'readdir');
      return [...node.names.keys()];
    },
    readFile: async (path) => follow(path, 'read').content,
    readlink: async (path) => new TextDecoder().decode(find(path, 'readlink').content),
    link: async (from, to) => add(to, 'link', find(from, 'link')),
    symlink: async (target, path) => {
      const node = nodeOf('link', 0o777, new TextEncoder().encode(target));
      node.synced = node.content;
      add(path, 'symlink', node);
    },
    copyFile: async (from, to) => add(to, 'copy', nodeOf('file', find(from, 'copy').mode, find(from, 'copy').content)),
    rmdir: async (path) => {
      const node = find(path, 'rmdir');
      if (node.kind !== 'folder') throw diskError('ENOTDIR', 'rmdir');
      if (!isEmpty(node.names)) throw diskError('ENOTEMPTY', 'rmdir');
      remove(path, 'rmdir', node);
    },
    statfs: async () => ({ bavail: 1e6, bsize: 4096, blocks: 1e6 }),
  };
  return {
    fs,
    crash: (random) => {
      // What is on disk is only ever looked at once: the disk itself is gone after the crash.
      for (const change of survivors(pending, random)) apply(change, pending);
      pending = [];
      return diskOf(afterCrash(root, random));
    },
  };
};

/** A disk with nothing on it. */
export const powerDisk = (): PowerDisk => diskOf(nodeOf('folder', 0o755));
