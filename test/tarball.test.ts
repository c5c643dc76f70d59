import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkPackage, createPackageFromTarballData, type CheckResult, type Problem } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFolder } from './support/folder.ts';
import { packedPackage, type PackedPackage } from './support/npm/packed.ts';
import { startNpmRegistry, type NpmRegistry } from './support/npm/registry.ts';
import { createNpmUser, whyNoNpm, type NpmUser } from './support/npm/user.ts';

const root = resolve(import.meta.dirname, '..');

const MB = 1_000_000;

/** What users need of it, and nothing else: neither sources nor tests. */
const wanted = [
  /^(LICENSE|README\.md|package\.json)$/,
  /^docs\/[\w-]+\.md$/,
  /^dist\/(app|bundled|chunks|inspector|machines|services)\/[^]+\.(js|js\.map|json)$/,
  /^dist\/inspector\/(index\.html|page\.css)$/,
  /^dist\/(bundled|inspector)\/THIRD-PARTY\.txt$/,
  /^types\/[^]+\.d\.ts$/,
];

describe('the tarball', () => {
  let packed: PackedPackage;
  beforeAll(async () => {
    packed = await packedPackage();
  });

  test('holds the program, its types and its guides alone', () => {
    expect(packed.files.filter((path) => !wanted.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(packed.files.filter((path) => /(^|[/.])test[./]|\.tsx?$/.test(path) && !path.endsWith('.d.ts'))).toEqual([]);
    for (const pattern of wanted) expect(packed.files).toContainEqual(expect.stringMatching(pattern));
  });

  test('holds each guide that the README leads to', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const guides = [...readme.matchAll(/\]\((docs\/[^)#]+\.md)/g)].map(([, path]) => path);
    expect(guides.length).toBeGreaterThan(2);
    expect(packed.files).toEqual(expect.arrayContaining(guides));
  });

  test('weighs at most 1 MB, and 4 MB unpacked', () => {
    expect(packed.tarball.length).toBeLessThan(MB);
    expect(packed.unpackedSize).toBeLessThan(4 * MB);
  });

  test('is as publint wants it, in every particular', async () => {
    const tarball = Uint8Array.from(packed.tarball).buffer;
    expect((await publint({ pack: { tarball }, strict: true })).messages).toEqual([]);
  });
});

/** Whether it is for those who can't import ES modules: `require`, and resolution as before `exports`. */
const isOfOld = (problem: Problem): boolean =>
  'resolutionKind' in problem && ['node10', 'node16-cjs'].includes(problem.resolutionKind);

/** Whether the condition `browser` alone leads to a declaration; the checker of types asks without it. */
const isOfBrowsers = (path: string): boolean =>
  /^types\/(app\/browser|adapters\/browser\/key-value)\.d\.ts$/.test(path);

describe('its types', () => {
  let checked: Extract<CheckResult, { entrypoints: object }>;
  beforeAll(async () => {
    const { tarball } = await packedPackage();
    const result = await checkPackage(createPackageFromTarballData(tarball));
    if (result.types === false) throw new Error('The package has no types.');
    checked = result;
  });

  test('are right wherever its modules can be imported', () => {
    expect(checked.problems.filter((problem) => !isOfOld(problem))).toEqual([]);
    const { './package.json': _, ...entries } = checked.entrypoints;
    for (const { resolutions } of Object.values(entries)) {
      for (const kind of ['node16-esm', 'bundler'] as const)
        expect(resolutions[kind].resolution).toMatchObject({ isTypeScript: true });
    }
  });

  test('are declared in files of which each is reached from an entry', async () => {
    const prefix = '/node_modules/pepeunit-client/';
    const read = Object.values(checked.entrypoints)
      .flatMap(({ resolutions }) => [resolutions['node16-esm'], resolutions.bundler])
      .flatMap(({ files }) => files ?? [])
      .filter((file) => file.startsWith(prefix))
      .map((file) => file.slice(prefix.length));
    const { files } = await packedPackage();
    const declarations = files.filter((path) => path.endsWith('.d.ts') && !isOfBrowsers(path));
    expect(declarations.toSorted()).toEqual([...new Set(read)].filter((path) => path.endsWith('.d.ts')).toSorted());
  });
});

/** What a folder takes on the disk, in bytes. */
const spaceOf = async (folder: string): Promise<number> => {
  const names = await readdir(folder, { recursive: true });
  const stats = await Promise.all(names.map((name) => lstat(join(folder, name))));
  return stats.reduce((sum, { blocks }) => sum + blocks * 512, 0);
};

interface Installed {
  readonly hasInstallScript?: boolean;
}

/** The packages that npm has installed in a project, by their folders. */
const installedIn = async (folder: string): Promise<Record<string, Installed>> => {
  const lock = JSON.parse(await readFile(join(folder, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, Installed>;
  };
  return lock.packages;
};

describe.skipIf(whyNoNpm).each([
  ['npm install --omit=optional pepeunit-client', 25],
  ['npm install pepeunit-client', 40],
])(`%s, without a network or a compiler${whyNoNpm}`, (command, maxMB) => {
  let registry: NpmRegistry;
  let user: NpmUser;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    const { path, ...folder } = await createFolder();
    ({ remove } = folder);
    registry = await startNpmRegistry();
    user = await createNpmUser(path, registry, 'устройство № 1');
    expect(await user.type(command)).toMatchObject({ code: 0, stderr: '' });
  });
  afterAll(async () => {
    await registry.stop();
    await remove();
  });

  test(`takes less than ${maxMB} MB of the disk`, async () => {
    expect(await spaceOf(join(user.folder(), 'node_modules'))).toBeLessThan(maxMB * MB);
  });

  test('brings nothing that is built or run during the installation', async () => {
    const packages = await installedIn(user.folder());
    expect(packages).toHaveProperty(['node_modules/pepeunit-client']);
    expect(Object.keys(packages).filter((path) => packages[path]?.hasInstallScript === true)).toEqual([]);
    const names = await readdir(join(user.folder(), 'node_modules'), { recursive: true });
    expect(names.filter((name) => name.endsWith('binding.gyp'))).toEqual([]);
  });

  test('brings its command under both names', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    for (const name of ['pepeunit', 'pepeunit-client'])
      expect(await user.type(`npx ${name} --version`)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('brings a unit', async () => {
    const program = `import { PepeunitClient } from 'pepeunit-client'; console.log(typeof PepeunitClient);`;
    expect(await user.type(`node --input-type=module -e "${program}"`)).toMatchObject({ stdout: 'function\n' });
  });
});
