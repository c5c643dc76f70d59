import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { extractArchive } from '../../../../adapters/node/archive/extract.ts';
import { folderFirmwareStore } from '../../../../adapters/node/firmware/store.ts';
import { folderFirmwareTrials } from '../../../../adapters/node/firmware/trials.ts';
import type { SwapOrder } from '../../../../services/firmware-transitions.ts';
import type { FirmwareError } from '../../../../services/errors.ts';
import { defaultArchiveLimits as limits } from '../../../../services/firmware.ts';
import { firmwareStoreContract } from '../../../contracts/firmware-store.ts';
import { inChunks, tarOf, zlibOf } from '../../../support/tar.ts';
import { temporaryFolder } from '../../../support/folder.ts';

/** Walks by itself, since Node from 26 on follows links when it reads a folder recursively. */
const filesOf = (folder: string, at = ''): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path.join(folder, at), { withFileTypes: true })
      .filter(({ name }) => name !== '.pepeunit')
      .flatMap((entry) => {
        const name = path.join(at, entry.name);
        if (entry.isDirectory()) return Object.entries(filesOf(folder, name));
        return entry.isFile() ? [[name, readFileSync(path.join(folder, name), 'utf8')] as const] : [];
      }),
  );

const modeOf = (file: string): number => statSync(file).mode & 0o777;
const stagingsIn = (folder: string): string[] =>
  readdirSync(path.join(folder, '.pepeunit')).filter((name) => name.startsWith('staging-'));

let root: string;
let folder: string;
let umask: number;
beforeEach(async () => {
  umask = process.umask(0);
  root = await temporaryFolder();
  folder = path.join(root, 'unit');
  mkdirSync(folder);
});
afterEach(() => {
  process.umask(umask);
});
const { signal } = new AbortController();

const keeps = ['data', 'log.json'];
const order: SwapOrder = {
  scope: 'everything',
  from: 'old',
  to: 'new',
  trial: { maxStarts: 2, healthyWithinMs: 1_000 },
};

describe('the contract', () => {
  firmwareStoreContract(async (old) => {
    for (const [name, text] of Object.entries(old)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
    return {
      store: folderFirmwareStore({ folder, limits, keeps }),
      reopen: () => folderFirmwareStore({ folder, limits, keeps }),
      write: async (name, text) => writeFileSync(path.join(folder, name), text),
      live: async () => filesOf(folder),
      stagings: async () => stagingsIn(folder).length,
      stop: async () => undefined,
    };
  });
});

/** Updates a unit; a version that is bad does not stay. */
const updateUnit = async (place: string, to: string): Promise<void> => {
  const store = folderFirmwareStore({ folder: place, limits });
  await store.recover();
  const names = ['env.json', 'schema.json', 'lib/main.js'];
  const entries = names.map((name) => ({ name, text: `${to} ${path.relative(root, place)}` }));
  const { id } = await store.stage(inChunks(await tarOf(...entries)), signal);
  await store.swap(id, { ...order, to });
  await (to === 'bad' ? store.rollBack({ reason: 'crashed' }) : store.confirm());
};

const versionOf = (name: string, text: string) => [`${name}env.json`, `${name}schema.json`].map((file) => [file, text]);

describe('on disk', () => {
  test('staging is private and keeps the exec bit, under any umask (U20, C3)', async () => {
    const store = folderFirmwareStore({ folder, limits });
    const archive = await tarOf({ name: 'bin/run', text: '#!', mode: 0o777 }, { name: 'data', text: 'x', mode: 0o666 });
    const { id } = await store.stage(inChunks(archive), signal);
    const [staging = ''] = stagingsIn(folder);
    const inside = path.join(folder, '.pepeunit', staging);
    expect([path.join(folder, '.pepeunit'), inside, path.join(inside, 'bin')].map(modeOf)).toEqual([
      0o700, 0o700, 0o700,
    ]);
    expect([path.join(inside, 'bin/run'), path.join(inside, 'data')].map(modeOf)).toEqual([0o700, 0o600]);
    await store.swap(id, order);
    expect(modeOf(path.join(folder, 'bin/run'))).toBe(0o700);
  });

  test("all that an update keeps is this user's alone, under any umask (C3, C11)", async () => {
    writeFileSync(path.join(folder, 'env.json'), 'old', { mode: 0o644 });
    mkdirSync(path.join(folder, '.pepeunit'), { mode: 0o777 });
    const store = folderFirmwareStore({ folder, limits });
    const { id } = await store.stage(inChunks(await tarOf({ name: 'lib/env.json', text: 'new' })), signal);
    await store.swap(id, order);
    const own = path.join(folder, '.pepeunit');
    const modes = readdirSync(own).map((name) => [name.replace(id, 'ID'), modeOf(path.join(own, name))]);
    expect(modeOf(own)).toBe(0o700);
    expect(Object.fromEntries(modes)).toEqual({
      'plan-ID.json': 0o600,
      'previous-ID': 0o700,
      'undo-ID.json': 0o600,
      'update.json': 0o600,
    });
  });

  test('two units in one folder tree that update at the same time never mix (U20)', async () => {
    const inner = path.join(folder, 'inner');
    for (const place of [folder, inner]) {
      mkdirSync(place, { recursive: true });
      for (const name of ['env.json', 'schema.json', 'gone.js']) {
        writeFileSync(path.join(place, name), `old ${path.relative(root, place)}`);
      }
    }
    for (const versions of [
      ['one', 'one'],
      ['two', 'bad'],
      ['bad', 'three'],
    ] as const) {
      await Promise.all([updateUnit(folder, versions[0]), updateUnit(inner, versions[1])]);
    }
    const left = { 'gone.js': 'old unit', 'inner/gone.js': 'old unit/inner' };
    expect(filesOf(folder)).toEqual(
      Object.fromEntries([
        ...Object.entries(left),
        ...versionOf('', 'two unit'),
        ['lib/main.js', 'two unit'],
        ...versionOf('inner/', 'three unit/inner'),
        ['inner/lib/main.js', 'three unit/inner'],
      ]),
    );
  });

  test.each<[string, string[], boolean]>([
    ['is not in the folder', [], true],
    ['is there under one of its names', ['main', 'lib/main.js'], true],
    ['is a dependency, which no update brings', ['node_modules/.bin/tool'], true],
    ['is data, which no update brings', ['data/main.js'], true],
    ['is a folder in the archive', ['lib'], false],
    ['is missing', ['main.js'], false],
  ])('a version is refused where it lacks the program that runs: one that %s (U22)', async (_, names, isTaken) => {
    const store = folderFirmwareStore({ folder, limits, programNames: () => names });
    const { id } = await store.stage(inChunks(await tarOf({ name: 'lib/main.js', text: 'x' })), signal);
    const refusal = await store.checkProgram(id).catch((error: unknown) => (error as FirmwareError).code);
    expect(refusal).toBe(isTaken ? undefined : 'incomplete');
  });

  test('nothing outside the unit is touched by a hostile archive', async () => {
    const store = folderFirmwareStore({ folder, limits });
    for (const name of ['../escape', 'a/../../escape', path.join(root, 'escape')]) {
      await expect(store.stage(inChunks(await tarOf({ name, text: 'x' })), signal)).rejects.toMatchObject({
        code: 'hostile',
      });
    }
    expect(readdirSync(root)).toEqual(['unit']);
  });

  test("an archive can't bring the client's own folder", async () => {
    const store = folderFirmwareStore({ folder, limits });
    const archive = await tarOf({ name: '.PEPEUNIT/journal', text: 'x' });
    await expect(store.stage(inChunks(archive), signal)).rejects.toMatchObject({ code: 'hostile' });
  });

  test('what is in the way stops the swap before anything moved', async () => {
    const store = folderFirmwareStore({ folder, limits });
    mkdirSync(path.join(folder, 'taken', 'unit', '.pepeunit'), { recursive: true });
    writeFileSync(path.join(folder, 'taken', 'unit', 'env.json'), 'x');
    for (const name of ['taken', 'taken/unit', 'taken/unit/main.js']) {
      const { id } = await store.stage(inChunks(await tarOf({ name: 'a', text: 'x' }, { name, text: 'x' })), signal);
      await expect(store.swap(id, order)).rejects.toMatchObject({ code: 'io' });
      await store.discard(id);
    }
    expect(filesOf(folder)).toEqual({ 'taken/unit/env.json': 'x' });
    expect(await store.status()).toEqual({ phase: 'settled' });
  });

  test('who starts the unit rolls it back with the files alone (U11)', async () => {
    writeFileSync(path.join(folder, 'env.json'), 'old');
    const store = folderFirmwareStore({ folder, limits });
    const { id } = await store.stage(inChunks(await tarOf({ name: 'env.json', text: 'new' })), signal);
    await store.swap(id, order);
    const trials = folderFirmwareTrials({ folder });
    await trials.rollBack({ reason: 'crashed' });
    expect(filesOf(folder)).toEqual({ 'env.json': 'old' });
    expect(readdirSync(path.join(folder, '.pepeunit'))).toEqual(['update.json']);
  });

  test('a folder that can not be made is an I/O error with advice', async () => {
    writeFileSync(path.join(folder, '.pepeunit'), 'a file');
    const store = folderFirmwareStore({ folder, limits });
    await expect(store.stage(inChunks(await tarOf({ name: 'a', text: 'x' })), signal)).rejects.toMatchObject({
      name: 'FirmwareError',
      code: 'io',
    });
  });
});

describe('extractArchive', () => {
  const extract = extractArchive(limits);

  test('unpacks over what is there, into a folder that it makes', async () => {
    const archive = path.join(root, 'a.tgz');
    writeFileSync(archive, zlibOf(await tarOf({ name: 'a/b.txt', text: 'new' })));
    const destination = path.join(root, 'deep', 'folder');
    mkdirSync(path.join(destination, 'a'), { recursive: true });
    writeFileSync(path.join(destination, 'a/b.txt'), 'old');
    writeFileSync(path.join(destination, 'a/c.txt'), 'kept');
    await extract(archive, destination);
    expect(filesOf(destination)).toEqual({ 'a/b.txt': 'new', 'a/c.txt': 'kept' });
    expect(readdirSync(destination)).toEqual(['a']);
    await extract(archive, path.join(root, 'made'));
    expect(filesOf(path.join(root, 'made'))).toEqual({ 'a/b.txt': 'new' });
  });

  test('a hostile, a truncated and a missing archive leave the folder as it was', async () => {
    writeFileSync(path.join(folder, 'mine'), 'x');
    const whole = zlibOf(await tarOf({ name: 'a', text: 'x' }));
    writeFileSync(path.join(root, 'hostile'), await tarOf({ name: 'a', text: 'x' }, { name: '../b', text: 'x' }));
    writeFileSync(path.join(root, 'short'), whole.subarray(0, whole.length - 8));
    await expect(extract(path.join(root, 'hostile'), folder)).rejects.toMatchObject({ code: 'hostile' });
    await expect(extract(path.join(root, 'short'), folder)).rejects.toMatchObject({ code: 'malformed' });
    await expect(extract(path.join(root, 'missing'), folder)).rejects.toMatchObject({ code: 'io' });
    expect(readdirSync(folder)).toEqual(['mine']);
  });
});
