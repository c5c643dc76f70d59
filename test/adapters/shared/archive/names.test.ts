import { describe, expect, test } from 'vitest';
import type { NameRules } from '../../../../adapters/shared/archive/entry-names.ts';
import { tarOf, zlibOf, type TarEntry } from '../../../support/tar.ts';
import { failure, program, readAll } from './read-archive.ts';

const inLink = (name: string): TarEntry => (name === 'l' ? { name, type: 'symlink', linkname: 'lib' } : { name });

const windows: NameRules = { isWindows: true, foldsNames: true };

describe('names are refused where the host can not hold them (U7)', () => {
  test.each(['C:/x', 'c:x', 'main.py:x', 'aux.py', 'NUL', 'lib./x', 'env.json '])(
    'the name %j on Windows, and nowhere else',
    async (name) => {
      const tar = await tarOf({ name, text: 'x' });
      expect(await failure(tar, {}, windows)).toBe('hostile');
      expect(await readAll(tar)).toMatchObject([{ path: name, text: 'x' }]);
    },
  );

  test.each([
    ['in another case', ['Main.ts', 'main.ts']],
    ['composed otherwise', ['caf\u00e9', 'cafe\u0301']],
    ['in folders of another case', ['A/x', 'a/y']],
  ])('a name %s where the disk takes both for one, and nowhere else', async (_how, names) => {
    const tar = await tarOf(...names.map((name) => ({ name, text: 'x' })));
    expect(await failure(tar, {}, { isWindows: false, foldsNames: true })).toBe('hostile');
    expect((await readAll(tar)).map(({ path }) => path)).toEqual(names);
  });
});

describe('symbolic links (U7)', () => {
  test.each<[string, TarEntry, string]>([
    ['to a file beside it', { name: 'l', linkname: 'src/main.ts' }, 'l'],
    ['up and down again', { name: 'a/b/l', linkname: '../../src/main.ts' }, 'a/b/l'],
    ['to a folder', { name: './current', linkname: 'src' }, 'current'],
    ['to what is not there', { name: 'l', linkname: 'data/later.txt' }, 'l'],
    ['with a long target', { name: 'l', linkname: `${'длинное имя/'.repeat(15)}x` }, 'l'],
  ])('a link %s is a link', async (_where, link, path) => {
    const read = await readAll(zlibOf(await tarOf(...program, { ...link, type: 'symlink' })));
    expect(read.at(-1)).toEqual({ path, kind: 'link', isExecutable: false, text: link.linkname });
  });

  test.each<[string, TarEntry[]]>([
    ['out of the tree', [{ name: 'l', linkname: '..' }]],
    ['out of the tree, in the end', [{ name: 'a/l', linkname: '../b/../../c' }]],
    ['out of the tree and back', [{ name: 'l', linkname: '../unit/x' }]],
    ['to an absolute path', [{ name: 'l', linkname: '/etc' }]],
    ['by a backslash', [{ name: 'l', linkname: '..\\x' }]],
    ['nowhere', [{ name: 'l', linkname: '' }]],
    ['to itself', [{ name: 'l', linkname: 'l' }]],
    ['to the folder that it is in', [{ name: 'a/l', linkname: '.' }]],
    ['to a folder above it', [{ name: 'a/b/l', linkname: '../../a' }]],
    ['to the root', [{ name: 'a/l', linkname: '..' }]],
    [
      'in a circle',
      [
        { name: 'a', linkname: 'b' },
        { name: 'b', linkname: 'a' },
      ],
    ],
    [
      'through another link',
      [
        { name: 'a/l', linkname: '../b/x' },
        { name: 'b', linkname: 'lib' },
      ],
    ],
    [
      'through another link and back',
      [
        { name: 'b', linkname: 'lib' },
        { name: 'l', linkname: 'b/../x' },
      ],
    ],
    ["to the client's own files", [{ name: 'l', linkname: '.pepeunit/update.json' }]],
    ['in the place of env.json', [{ name: 'env.json', linkname: 'other.json' }]],
    ['in the place of the signature', [{ name: 'pepeunit-release.json', linkname: 'other.json' }]],
    ['to a name that ends in the middle', [{ name: 'l', linkname: 'x\ny' }]],
  ])('a link %s', async (_where, links) => {
    const tar = await tarOf({ name: 'x', text: 'x' }, ...links.map((link): TarEntry => ({ ...link, type: 'symlink' })));
    expect(await failure(tar)).toBe('hostile');
  });

  test.each([
    ['before', ['l', 'l/x']],
    ['after', ['l/x', 'l']],
  ])('a file in a folder that is a link, and comes %s it', async (_how, names) => {
    expect(await failure(await tarOf(...names.map(inLink)))).toBe('hostile');
  });
});
