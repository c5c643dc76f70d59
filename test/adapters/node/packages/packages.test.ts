import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderPackages } from '../../../../adapters/node/packages/packages.ts';
import { temporaryFolder, writeFiles, type Files } from '../../../support/folder.ts';

const { signal } = new AbortController();

/** The package.json of a version. */
const needing = (dependencies: object, more: object = {}): string => JSON.stringify({ dependencies, ...more });

/** A folder of packages, each with its version. */
const installed = (versions: Readonly<Record<string, string>>, folder = 'node_modules'): Files =>
  Object.fromEntries(
    Object.entries(versions).map(([name, version]) => [
      `${folder}/${name}/package.json`,
      JSON.stringify({ name, version }),
    ]),
  );

/** Looks at the packages of a staged version with this package.json, in a unit with these files. */
const ensure = async (staged: string | undefined, files: Files = {}, prepare?: (folder: string) => Promise<void>) => {
  const root = await temporaryFolder();
  const folder = join(root, 'узел 🌡');
  await writeFiles(folder, { 'env.json': '{}', ...files });
  await mkdir(join(folder, '.pepeunit/staging-a'), { recursive: true });
  if (staged !== undefined) await writeFiles(join(folder, '.pepeunit/staging-a'), { 'package.json': staged });
  await prepare?.(folder);
  return folderPackages({ folder }).ensure('a', signal);
};

/** Puts a link that leads back to itself in the place of a package. */
const linkToItself = async (folder: string): Promise<void> => {
  await mkdir(join(folder, 'node_modules'));
  await symlink('a', join(folder, 'node_modules/a'));
};

const refused = (message: string | RegExp, code = 'dependencies') =>
  expect.objectContaining({
    name: 'FirmwareError',
    code,
    message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
  });

describe('a version is taken (U26)', () => {
  test.each<[string, string | undefined, Files?]>([
    ['without a package.json', undefined],
    ['that needs nothing', '{}'],
    [
      'whose packages are there',
      needing({ a: '^1.2.0', '@s/b': '2.x || >=4' }),
      installed({ a: '1.3.0', '@s/b': '4.0.1' }),
    ],
    ['whose package is there as a prerelease', needing({ a: '^2.0.0' }), installed({ a: '2.1.0-rc.1' })],
    [
      'whose packages come from elsewhere, and are there in any version',
      needing({
        a: 'github:me/a',
        b: 'file:../b',
        c: 'workspace:*',
        d: 'npm:e@^9',
        f: 'latest',
        g: 'https://host/g.tgz',
      }),
      installed({ a: '0.0.1', b: '0.0.1', c: '0.0.1', d: '0.0.1', f: '0.0.1', g: '0.0.1' }),
    ],
    [
      'that lacks what is optional alone',
      needing({ a: '1.0.0' }, { optionalDependencies: { a: '1.0.0', b: '1.0.0' } }),
    ],
    [
      'that needs no more than the one that runs, though that is not all there',
      needing({ a: '1.0.0', b: '1.0.0' }),
      { 'package.json': needing({ a: '1.0.0', b: '1.0.0' }), ...installed({ b: '1.0.0' }) },
    ],
    [
      'in a unit that finds none of its packages, as a bundle does',
      needing({ a: '1.0.0', b: '1.0.0' }),
      { 'package.json': needing({ a: '1.0.0' }) },
    ],
    ['for this Node', needing({}, { engines: { node: `>=${process.versions.node}` } })],
    ['for a Node that no range describes', needing({}, { engines: { node: 'the newest' } })],
    [
      'for the Node that the running version is for as well',
      needing({}, { engines: { node: '>=9999' } }),
      { 'package.json': needing({}, { engines: { node: '>=9999' } }) },
    ],
  ])('%s', async (_, staged, files) => expect(await ensure(staged, files)).toBeUndefined());

  test('whose packages are in a folder above the unit, and reached through a link', async () => {
    const root = await temporaryFolder();
    await writeFiles(root, { ...installed({ a: '1.0.0' }, 'real/node_modules'), 'real/unit/env.json': '{}' });
    await writeFiles(join(root, 'real/unit/.pepeunit/staging-a'), { 'package.json': needing({ a: '1.0.0' }) });
    await symlink(join(root, 'real/unit'), join(root, 'unit'));
    expect(await folderPackages({ folder: join(root, 'unit') }).ensure('a', signal)).toBeUndefined();
  });
});

describe('a version is refused (U26)', () => {
  test.each<[string, string, Files, string | RegExp]>([
    [
      'whose packages are not there',
      needing({ a: '^1.2.0', '@s/b': '>=2 <3' }),
      {},
      "not have: a@^1.2.0, @s/b@>=2 <3. Install them in the unit's folder (npm install --prefix . --no-save --omit=dev a@^1.2.0 '@s/b@>=2 <3'), or set update.install; then send the update again.",
    ],
    ['whose package is too old', needing({ a: '^1.2.0' }), installed({ a: '1.1.9' }), 'a@^1.2.0 (1.1.9 is there)'],
    [
      'whose package has no version',
      needing({ a: '1' }),
      { 'node_modules/a/package.json': '{}' },
      'a@1 (no version is there)',
    ],
    ['whose package is damaged', needing({ a: '1' }), { 'node_modules/a/package.json': '{' }, 'not have: a@1. '],
    [
      'whose nearest package is too old, though one further away is not',
      needing({ a: '2' }),
      { ...installed({ a: '1.0.0' }) },
      'a@2 (1.0.0 is there)',
    ],
    [
      'whose package comes from elsewhere, with no word of its address',
      needing({ a: 'git+https://me:canary-token@host/a.git' }),
      {},
      /: a\. Install them in the unit's folder, or set update\.install; then send the update again\.$/,
    ],
    [
      'that needs another range than the one that runs',
      needing({ a: '2.x' }),
      { 'package.json': needing({ a: '1.x' }), ...installed({ a: '1.0.0' }) },
      'a@2.x (1.0.0 is there)',
    ],
    [
      'beside a running version whose package.json is damaged',
      needing({ a: '2.x' }),
      { 'package.json': '{"dependencies":{"a":"2.x"}' },
      'not have: a@2.x',
    ],
    [
      'for another Node',
      needing({}, { engines: { node: '>=9999' } }),
      {},
      `needs Node >=9999, and this is ${process.versions.node}. Install that Node on the device`,
    ],
  ])('%s', async (_, staged, files, message) => {
    await expect(ensure(staged, files)).rejects.toEqual(refused(message));
  });

  test('with many packages that are not there: the first are named', async () => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`package-${at}`, '1.0.0']));
    await expect(ensure(needing(many))).rejects.toEqual(
      refused(/package-19@1\.0\.0 and 5 more\. Install them in the unit's folder, or set update\.install; then/),
    );
  });

  test.each([
    ['no JSON', '{"dependencies":'],
    ['no object', '[]'],
    ['dependencies that are none', '{"dependencies":["a"]}'],
    ['a dependency without a text', '{"dependencies":{"a":1}}'],
    ['a name that is a way out of the folder', '{"dependencies":{"../../etc":"1"}}'],
    ['a name that is a prototype in other hands', '{"dependencies":{"__proto__":{}}}'],
  ])('with a package.json of %s, and its text is not shown', async (_, staged) => {
    await expect(ensure(staged)).rejects.toEqual(
      refused(/^The firmware's package\.json .* Correct it, and send the update again\.$/, 'malformed'),
    );
  });

  test('where its packages can not be looked at', async () => {
    await expect(ensure(needing({ a: '1' }), {}, linkToItself)).rejects.toEqual(refused('(ELOOP)', 'io'));
  });
});
