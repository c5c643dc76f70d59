import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tarOf } from '../tar.ts';
import { packedPackage } from './packed.ts';

const root = resolve(import.meta.dirname, '../../..');

/** What a package.json says. */
interface Manifest {
  readonly version: string;
}

/** A version of a package, as a registry has it. */
export interface PublishedPackage {
  readonly manifest: Manifest;
  readonly tarball: Buffer;
  /** The digest that npm checks the tarball by. */
  readonly integrity: string;
}

const publish = async (folder: string, tarball: Buffer): Promise<PublishedPackage> => {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  return { manifest, tarball, integrity };
};

/** Packs an installed package as it came, without the packages that were installed into it. */
const publishInstalled = async (folder: string): Promise<PublishedPackage> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('node_modules/'));
  const files = await Promise.all(
    paths.map(async (path) => ({ name: `package/${path}`, text: await readFile(join(folder, path)) })),
  );
  return publish(folder, gzipSync(await tarOf(...files), { level: 1 }));
};

const { name: ownName, packages: locked } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
  name: string;
  packages: Record<string, object>;
};

/** Folders of a package's versions in this checkout; the one that the project itself uses comes first. */
const foldersOf = (name: string): string[] =>
  Object.keys(locked)
    .filter((path) => `/${path}`.endsWith(`/node_modules/${name}`))
    .map((path) => join(root, path))
    .filter((folder) => existsSync(folder))
    .toSorted((one, other) => one.length - other.length);

const published = new Map<string, Promise<PublishedPackage[]>>();

/** The versions of a package: of this one as it is packed, of others as they are installed here. */
export const publishedVersions = (name: string): Promise<PublishedPackage[]> => {
  const known = published.get(name);
  if (known !== undefined) return known;
  const versions =
    name === ownName
      ? packedPackage().then(async ({ tarball }) => [await publish(root, tarball)])
      : Promise.all(foldersOf(name).map(publishInstalled));
  published.set(name, versions);
  return versions;
};
