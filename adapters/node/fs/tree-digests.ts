import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { listTree } from './file-tree.ts';

/** SHA-256 of a file, in hexadecimal. */
export const digestOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};

/** SHA-256 of the files of a folder that are asked for, by their paths with `/` between the parts. */
export const treeDigests = async (
  folder: string,
  isWanted: (path: string) => boolean,
): Promise<ReadonlyMap<string, string>> => {
  const { files } = await listTree(folder);
  const digests = new Map<string, string>();
  for (const file of files) {
    const path = file.replaceAll('\\', '/');
    if (isWanted(path)) digests.set(path, await digestOf(join(folder, file)));
  }
  return digests;
};
