import { createHash } from 'node:crypto';
import type { FileSystem } from '../../../adapters/node/fs/file-system.ts';

/** What is in a unit's folder and is its version's: each path with its kind, permissions and content. */
export type Snapshot = Readonly<Record<string, string>>;

/** What is the client's own or the unit's. */
const notTheVersions = /^(\.pepeunit.*|data|log\.json)$/;

const described = async (fs: FileSystem, path: string): Promise<string> => {
  const stats = await fs.lstat(path);
  if (stats.isSymbolicLink()) return `link to ${await fs.readlink(path)}`;
  const mode = (stats.mode & 0o777).toString(8);
  if (stats.isDirectory()) return `folder ${mode}`;
  const hash = createHash('sha256').update(await fs.readFile(path));
  return `file ${mode} ${stats.size} ${hash.digest('hex')}`;
};

/** Looks at all of a unit's folder. */
export const snapshotOf = async (fs: FileSystem, folder: string): Promise<Snapshot> => {
  const snapshot: Record<string, string> = {};
  const enter = async (above: string): Promise<void> => {
    for (const name of (await fs.readdir(`${folder}/${above}`)).toSorted()) {
      const path = `${above}${name}`;
      if (notTheVersions.test(path)) continue;
      snapshot[path] = await described(fs, `${folder}/${path}`);
      if (snapshot[path].startsWith('folder')) await enter(`${path}/`);
    }
  };
  await enter('');
  return snapshot;
};
