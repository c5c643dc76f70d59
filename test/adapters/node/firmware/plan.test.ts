import { describe, expect, test } from 'vitest';
import {
  foreignFiles,
  noManifest,
  parsePlan,
  planSwap,
  type SwapSituation,
} from '../../../../adapters/node/firmware/plan.ts';
import type { NodeKind, Tree } from '../../../../adapters/node/firmware/tree.ts';
import { keptPaths } from '../../../../adapters/shared/archive/kept-paths.ts';

const dev = 1;

/** A tree by paths: a folder ends in `/`, a link in `@`, a device in `!`, what is kept in `=`, another unit in `#`. */
const treeOf = (...paths: string[]): Tree => {
  const kinds: Record<string, NodeKind> = { '/': 'folder', '@': 'link', '!': 'other', '=': 'kept', '#': 'unit' };
  return new Map(
    paths.map((path) => {
      const kind = kinds[path.at(-1) ?? ''];
      return [kind ? path.slice(0, -1) : path, { kind: kind ?? 'file', mode: 0o755, dev }];
    }),
  );
};

const plan = (live: string[], staged: string[], change: Partial<SwapSituation> = {}) =>
  planSwap({
    scope: 'everything',
    live: treeOf(...live),
    staged: treeOf(...staged),
    manifest: noManifest,
    isKept: keptPaths(['data', 'log.json']),
    dev,
    ...change,
  });

const documents = ['env.json', 'schema.json'];
const refused = (path: string) =>
  expect.objectContaining({
    code: 'io',
    message: expect.stringMatching(new RegExp(`^${path}\\b.*nothing was put in`)),
  });

describe('what a swap does', () => {
  test('replaces, adds and removes, with schema.json and env.json last (U2, U18)', () => {
    const manifest = { files: [...documents, 'gone/x.js', 'main.js'], folders: ['gone'] };
    const live = [...documents, 'main.js', 'gone/', 'gone/x.js', 'mine.txt'];
    const made = plan(live, [...documents, 'main.js', 'lib/', 'lib/y.js'], { manifest });
    expect(foreignFiles(made, manifest)).toEqual([]);
    expect(made).toEqual({
      format: 1,
      install: ['lib/y.js', 'main.js', 'schema.json', 'env.json'],
      save: ['env.json', 'gone/x.js', 'main.js', 'schema.json'],
      remove: ['gone/x.js'],
      create: ['lib'],
      leave: [{ path: 'gone', mode: 0o755 }],
      manifest: { files: ['lib/y.js', 'main.js', 'schema.json', 'env.json'], folders: ['lib'] },
    });
  });

  test('the first update removes nothing: no version has brought what is there (U18)', () => {
    const live = [...documents, 'mine.txt', 'link@', 'photos/', 'photos/a.jpg', 'socket!', 'data=', 'log.json='];
    expect(plan(live, documents)).toMatchObject({ remove: [], leave: [], save: ['env.json', 'schema.json'] });
  });

  test.each([
    ['first', noManifest],
    ['tenth', { files: [...documents, 'brought.js'], folders: [] }],
  ])('the %s update saves what it replaces though nobody brought it (U18)', (_, manifest) => {
    const made = plan([...documents, 'a.js', 'link@'], [...documents, 'a.js', 'link'], { manifest });
    expect(made).toMatchObject({ remove: [], save: ['a.js', 'env.json', 'link', 'schema.json'] });
    expect(foreignFiles(made, manifest)).toEqual(['a.js', 'link']);
  });

  test('after it only what the last one brought; env.json and schema.json never go (U3)', () => {
    const manifest = { files: [...documents, 'a.js', 'deleted.js'], folders: ['empty'] };
    const made = plan([...documents, 'a.js', 'made-by-the-app', 'empty/'], ['b.js'], { manifest });
    expect(made.remove).toEqual(['a.js']);
    expect(made.leave).toEqual([{ path: 'empty', mode: 0o755 }]);
  });

  test('what is kept is not replaced either', () => {
    const made = plan([...documents, 'data=', 'log.json='], [...documents, 'log.json', 'data/', 'data/seed']);
    expect(made.install).toEqual(['schema.json', 'env.json']);
    expect(made.create).toEqual([]);
  });

  test.each(['node_modules', '.git', '.pepeunit'])('%s is neither installed nor replaced (U18)', (name) => {
    const brought = [...documents, `${name}/`, `${name}/config`];
    const made = plan([...documents, `${name}=`], brought);
    expect(made).toMatchObject({ install: ['schema.json', 'env.json'], create: [], remove: [] });
    expect(plan(documents, brought)).toMatchObject({ install: ['schema.json', 'env.json'], create: [] });
  });

  test('env.json and schema.json alone are env.json and schema.json alone', () => {
    const made = plan([...documents, 'main.js'], [...documents, 'main.js', 'lib/', 'lib/a.js'], {
      scope: 'envAndSchema',
    });
    expect(made).toMatchObject({ install: ['schema.json', 'env.json'], remove: [], create: [], leave: [] });
  });

  test('a compiled version adds to what updates have brought, and removes nothing', () => {
    const scope = 'compiled';
    const first = plan([...documents, 'x'], [...documents, 'unit'], { scope });
    expect(first.manifest?.files).toEqual(['env.json', 'schema.json', 'unit']);
    const known = plan(documents, [...documents, 'unit'], { scope, manifest: { files: ['x'], folders: [] } });
    expect(known.manifest?.files).toEqual(['env.json', 'schema.json', 'unit', 'x']);
    expect(known.remove).toEqual([]);
  });
});

describe('a path that changes its kind', () => {
  test.each([
    ['brought by an update', { files: ['a', 'b/c/d'], folders: ['b', 'b/c'] }, []],
    ['of the user', noManifest, ['a', 'b/c/d']],
  ])('from file to folder and back, where it was %s', (_, manifest, foreign) => {
    const made = plan([...documents, 'a', 'b/', 'b/c/', 'b/c/d'], [...documents, 'a/', 'a/x', 'b'], { manifest });
    expect(foreignFiles(made, manifest)).toEqual(foreign);
    expect(made.save).toEqual(['a', 'b/c/d', 'env.json', 'schema.json']);
    expect(made).toMatchObject({
      remove: ['a', 'b/c/d'],
      create: ['a'],
      leave: [
        { path: 'b/c', mode: 0o755 },
        { path: 'b', mode: 0o755 },
      ],
    });
  });

  test.each<[string, string[], string[]]>([
    ['a device where a file has to be', ['a!'], ['a']],
    ['a device where a folder has to be', ['a!'], ['a/', 'a/x']],
    ['another unit in a folder that has to be a file', ['a/', 'a/unit#'], ['a']],
    ['what is kept in a folder that has to be a file', ['a/', 'a/data='], ['a']],
  ])('%s is refused before anything moves', (_, live, staged) => {
    const manifest = { files: [], folders: [] };
    expect(() => plan([...documents, ...live], [...documents, ...staged], { manifest })).toThrowError(refused('a'));
  });

  test('a link of the user gives way to a folder', () => {
    const made = plan([...documents, 'a@'], [...documents, 'a/', 'a/x']);
    expect(made).toMatchObject({ remove: ['a'], create: ['a'] });
    expect(foreignFiles(made, noManifest)).toEqual(['a']);
  });

  test('an empty folder of the app gives way to a file', () => {
    const made = plan([...documents, 'a/', 'a/b/'], [...documents, 'a'], { manifest: { files: [], folders: [] } });
    expect(made.leave.map(({ path }) => path)).toEqual(['a/b', 'a']);
  });
});

describe('another unit in the folder (U20)', () => {
  test("that was updated is never taken for the old version's, and nothing is put into it", () => {
    const live = [...documents, 'other#'];
    expect(plan(live, documents)).toMatchObject({ remove: [], leave: [] });
    expect(() => plan(live, [...documents, 'other/', 'other/x'])).toThrowError(refused('other'));
  });

  test('that was never updated is not swept away by the first update', () => {
    const live = [...documents, 'other/', 'other/env.json', 'other/schema.json', 'other/lib/', 'other/lib/x', 'mine'];
    expect(plan(live, documents)).toMatchObject({ remove: [], leave: [] });
  });
});

test('what is on a file system of its own is refused before anything moves', () => {
  const live = new Map(treeOf(...documents, 'mounted/', 'mounted/x'));
  live.set('mounted', { kind: 'folder', mode: 0o755, dev: 2 });
  expect(() => plan([], [...documents, 'mounted/', 'mounted/x'], { live })).toThrowError(refused('mounted'));
});

describe('a plan on disk', () => {
  const good = plan([...documents, 'gone/', 'gone/x'], [...documents, 'b/', 'b/y']);

  test('comes back as it was', () => {
    expect(parsePlan(JSON.parse(JSON.stringify(good)))).toEqual(good);
    const withPackages = { ...good, packages: ['node_modules/@s/a'] };
    expect(parsePlan(JSON.parse(JSON.stringify(withPackages)))).toEqual(withPackages);
  });

  test.each<unknown>([
    '..',
    '../x',
    'a/../../x',
    '/etc/passwd',
    '',
    'a//b',
    './a',
    '.pepeunit/update.json',
    'a\0b',
    'x'.repeat(5_000),
    7,
    null,
    {},
  ])('with the path %j is not followed, wherever it stands', (path) => {
    for (const part of ['install', 'save', 'remove', 'create', 'packages'] as const) {
      expect(parsePlan({ ...good, [part]: ['fine', path] })).toBeUndefined();
    }
    expect(parsePlan({ ...good, leave: [{ path, mode: 0o755 }] })).toBeUndefined();
    expect(parsePlan({ ...good, manifest: { files: [path], folders: [] } })).toBeUndefined();
    expect(parsePlan({ ...good, manifest: { files: [], folders: [path] } })).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['no object', [good]],
    ['another format', { ...good, format: 2 }],
    ['no list', { ...good, install: 'a' }],
    ['a part missing', { ...good, remove: undefined }],
    ['a mode that is none', { ...good, leave: [{ path: 'a', mode: 1e9 }] }],
  ])('with %s is not followed', (_, document) => {
    expect(parsePlan(document)).toBeUndefined();
  });
});
