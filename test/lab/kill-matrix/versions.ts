import { gzipSync } from 'node:zlib';
import type { FileSystem } from '../../../adapters/node/fs/file-system.ts';
import type { FirmwareScope } from '../../../services/firmware-journal.ts';
import type { SwapOrder } from '../../../services/firmware-transitions.ts';
import { tarOf, type TarEntry } from '../../support/tar.ts';

/** Files of the old version that are not in the new one, or are something else there. */
export const oldParts: Readonly<Record<string, string>> = {
  'lib/part.js': "export const version = 'old';\n",
  'lib/gone.js': 'gone',
  'gone/deep/x.js': 'gone as well',
  'turns-to-folder': 'a file',
  'turns-to-file/inner.js': 'in a folder',
  'file-to-link': 'a file',
  'folder-to-link/part.js': 'in a folder, and not that of lib',
  'folder-to-link/deep/x.js': 'in a folder',
};

/** And those of the new one. */
export const newParts: Readonly<Record<string, string>> = {
  'lib/part.js': "export const version = 'new';\n",
  'lib/more.js': 'more',
  'fresh/deep/y.js': 'fresh',
  'turns-to-folder/inner.js': 'in a folder',
  'turns-to-file': 'a file',
  'link-to-file': 'a file',
  'link-to-folder/part.js': 'in a folder',
  'gives-way-late.txt': 'of the new version',
  'gives-way-as-folder': 'a file',
  'gives-way-to-folder/inner.txt': 'in a folder',
};

/** Symbolic links of the old version, by path: some change where they lead, or what they are. */
export const oldLinks: Readonly<Record<string, string>> = {
  'current.js': 'lib/part.js',
  'link-gone.js': 'lib/gone.js',
  'link-to-file': 'main.js',
  'link-to-folder': 'lib',
};

/** And those of the new one. */
export const newLinks: Readonly<Record<string, string>> = {
  'current.js': 'lib/more.js',
  'fresh/deep/link.js': '../../lib/part.js',
  'file-to-link': 'main.js',
  'folder-to-link': 'lib',
  'gives-way-to-link.txt': 'main.js',
};

/** What is the unit's own in both. */
export const keptFiles: Readonly<Record<string, string>> = {
  'log.json': '{"level":"Info","text":"kept"}\n',
  'data/readings': '1 2 3',
};

/** Files of the user that no version brought: some stay, some give way to a version. */
export const foreignFiles: Readonly<Record<string, string>> = {
  '.env': 'SECRET=1',
  'photos/a.jpg': 'a photo',
  'lib/data.txt': 'beside the program',
  'gives-way-early.txt': 'to the old version, where an update brings that',
  'gives-way-late.txt': 'to the new version',
  'gives-way-to-link.txt': 'to a link of the new version',
  'gives-way-as-folder/inner.txt': 'to a file of the new version',
  'gives-way-to-folder': 'to a folder of the new version',
};

/** Links of the user. */
export const foreignLinks: Readonly<Record<string, string>> = { 'linked.js': 'lib/part.js' };

/** Packages of npm beside the old version: some stay as they are, or are no business of the new one. */
export const oldPackages: Readonly<Record<string, string>> = {
  'node_modules/.package-lock.json': 'of the old version',
  'node_modules/changed/index.js': 'one',
  'node_modules/changed/gone.js': 'gone',
  'node_modules/same/index.js': 'same',
  'node_modules/@scope/changed/deep/index.js': 'one',
  'node_modules/@scope/extraneous/index.js': 'of the user',
  'node_modules/turns-to-file/index.js': 'a folder',
};

/** And those that come with the new one. */
const newPackages: Readonly<Record<string, string>> = {
  'node_modules/.package-lock.json': 'of the new version',
  'node_modules/changed/index.js': 'two',
  'node_modules/changed/node_modules/inner/index.js': 'inner',
  'node_modules/same/index.js': 'same',
  'node_modules/@scope/changed/deep/index.js': 'two',
  'node_modules/@fresh/added/index.js': 'added',
  'node_modules/turns-to-file': 'a file',
};

const newPackageLinks: Readonly<Record<string, string>> = { 'node_modules/.bin/changed': '../changed/index.js' };

const documents = (version: string): Record<string, string> => ({
  'env.json': JSON.stringify({ PU_COMMIT_VERSION: version, PU_AUTH_TOKEN: 'token' }),
  'schema.json': JSON.stringify({ version }),
  'main.js': `console.log('${version}');\n`,
  'same.txt': 'the same in both',
});

const oldFiles = { ...documents('old'), ...oldParts, ...keptFiles, ...foreignFiles };
const newFiles = { ...documents('new'), ...newParts };

const linkEntries = (links: Readonly<Record<string, string>>): TarEntry[] =>
  Object.entries(links).map(([name, linkname]) => ({ name, linkname, type: 'symlink' }));

const entries = (files: Readonly<Record<string, string>>): TarEntry[] =>
  Object.entries(files).map(([name, text]) => ({ name, text }));

/** The archive of the version that is there before. */
export const oldArchive = async (): Promise<Buffer> =>
  gzipSync(
    await tarOf(
      ...entries({ ...documents('old'), ...oldParts, 'gives-way-early.txt': 'of the old version' }),
      ...linkEntries(oldLinks),
    ),
  );

/** The archive of the new version, as the instance sends it; what is not everything holds the documents and the program. */
export const newArchive = async (scope: FirmwareScope, hasPackages = false): Promise<Buffer> =>
  gzipSync(
    scope === 'everything'
      ? await tarOf(
          ...entries(newFiles),
          ...linkEntries(newLinks),
          ...(hasPackages ? [...entries(newPackages), ...linkEntries(newPackageLinks)] : []),
          { name: 'bin/run', text: '#!/bin/sh\n', mode: 0o755 },
          { name: 'hollow', type: 'directory' },
        )
      : await tarOf(...entries(documents('new'))),
  );

export const swapOrder = (scope: FirmwareScope): SwapOrder => ({
  scope,
  from: 'old',
  to: 'new',
  trial: { maxStarts: 3, healthyWithinMs: 60_000 },
});

const write = async (fs: FileSystem, path: string, text: string): Promise<void> => {
  const handle = await fs.open(path, 'wx', 0o644);
  await handle.writeFile(text);
  await handle.sync();
  await handle.close();
};

const syncFolder = async (fs: FileSystem, path: string): Promise<void> => {
  const handle = await fs.open(path, 'r');
  await handle.sync();
  await handle.close();
};

/** Lays the old version out, all of it on disk. */
export const layOut = async (
  fs: FileSystem,
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const folders = new Set([folder]);
  for (const [name, text] of Object.entries({ ...oldFiles, ...more })) {
    const parts = name.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) {
      folders.add(`${folder}/${parts.slice(0, depth).join('/')}`);
    }
    for (const each of folders) await fs.mkdir(each, { recursive: true, mode: 0o755 });
    await write(fs, `${folder}/${name}`, text);
  }
  for (const [path, target] of Object.entries({ ...oldLinks, ...foreignLinks }))
    await fs.symlink(target, `${folder}/${path}`);
  for (const each of [...folders, folder.slice(0, folder.lastIndexOf('/')) || '/']) await syncFolder(fs, each);
};
