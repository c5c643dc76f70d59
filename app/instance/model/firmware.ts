import { zipSync, type Zippable } from 'fflate';
import type { JsonObject } from '../../../services/json.ts';
import type { ArchiveFile } from './archive.ts';

const toJson = (path: string, document: JsonObject): ArchiveFile => ({
  path,
  bytes: new TextEncoder().encode(JSON.stringify(document, null, 4)),
  executable: false,
});

/** The files of an archive: a version's own, and the env.json and schema.json that go with it. */
export const firmwareFiles = (
  files: readonly ArchiveFile[],
  env: JsonObject,
  schema: JsonObject,
): readonly ArchiveFile[] => [...files, toJson('env.json', env), toJson('schema.json', schema)];

/** Packs a zip. */
export const packZip = (files: readonly ArchiveFile[]): Uint8Array => {
  const tree: Zippable = Object.create(null);
  for (const { path, bytes, executable } of files) {
    tree[path] = [bytes, { os: 3, attrs: (executable ? 0o100755 : 0o100644) << 16 }];
  }
  return zipSync(tree);
};
