import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderFirmwareStore } from '../../../adapters/node/firmware/store.ts';
import { FolderTrust } from '../../../adapters/node/signing/trust.ts';
import { packTar, type ArchiveFile } from '../../../app/instance/model/archive.ts';
import { defaultArchiveLimits as limits } from '../../../services/firmware.ts';
import { inChunks } from '../../support/tar.ts';
import { runCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';

const sources: Readonly<Record<string, string>> = {
  'main.js': 'console.log(1);\n',
  'lib/a.js': 'export const a = 1;\n',
  'run.sh': '#!/bin/sh\n',
  'README.md': 'read me',
  LICENSE: 'free',
  '.pepeignore': '.pepeignore\n.gitignore\n*.md\nLICENSE\n',
  '.gitignore': 'node_modules\n',
  'node_modules/x/index.js': 'x',
  'env.json': '{"PU_AUTH_TOKEN":"canary-token"}',
  'schema.json': '{}',
  'log.json': 'lines',
  '.git/config': 'x',
  '.pepeunit/update.json': '{}',
};
const packed = ['lib/a.js', 'main.js', 'run.sh'];

const writeUnit = async (folder: string): Promise<string> => {
  for (const [name, text] of Object.entries(sources)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await chmod(join(folder, 'run.sh'), 0o755);
  return folder;
};

const json = ({ stdout }: { stdout: string }): unknown => JSON.parse(stdout);
const listed = (archive: string): string[] =>
  execFileSync('tar', ['tzf', archive], { encoding: 'utf8' }).trim().split('\n');

/** Makes a pair of keys. @returns The private key's file and the public key. */
const keysIn = async (folder: string, name = 'key.pem') => {
  const key = join(folder, name);
  const { publicKey } = json(await runCli(['pack', '--keygen', key, '--json'])) as { publicKey: string };
  return { key, publicKey };
};

describe('pepeunit pack', () => {
  test.each([
    ['FOLDER', (folder: string) => [join(folder, 'none')]],
    ['key', (folder: string) => [folder, '--sign', join(folder, 'none')]],
    ['folder of the archive', (folder: string) => [folder, '--out', join(folder, 'none', 'x.tgz')]],
  ])('a %s that is not there is named, with what to do', async (_, argumentsFor) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'main.js'), '');
    const { code, stderr } = await runCli(['pack', ...argumentsFor(folder)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^pepeunit pack: StorageError \(io\): \S+none\S* can't be used \(ENOENT\)\. .*check the name/,
    );
  });

  test('packs what goes to a unit and nothing secret, and the same each time', async () => {
    const folder = await temporaryFolder();
    const unit = await writeUnit(join(folder, 'unit'));
    const [first, second] = [join(folder, 'a.tgz'), join(folder, 'b.tgz')];
    const { code, stdout } = await runCli(['pack', unit, '--out', first, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ archive: first, files: packed });
    expect(listed(first).filter((name) => !name.endsWith('/'))).toEqual(packed.map((name) => `./${name}`));
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await runCli(['pack', unit, '--out', second]);
    expect((await readFile(first)).equals(await readFile(second))).toBe(true);
  });

  test('an archive in the folder itself is not packed again, and a link that leads out is refused', async () => {
    const folder = await temporaryFolder();
    const unit = await writeUnit(folder);
    await runCli(['pack', '--out', 'out.tgz'], { cwd: unit });
    await runCli(['pack', '--out', 'out.tgz'], { cwd: unit });
    expect(listed(join(unit, 'out.tgz'))).not.toContain('./out.tgz');
    await symlink('/etc/passwd', join(unit, 'linked'));
    expect(await runCli(['pack', unit])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('hostile') as string,
    });
  });

  test('packs and signs links as links, and a unit takes no other target for them (U9)', async () => {
    const folder = await temporaryFolder();
    const unit = await writeUnit(join(folder, 'unit'));
    await symlink('lib/a.js', join(unit, 'current.js'));
    const { key, publicKey } = await keysIn(folder);
    await runCli(['pack', unit, '--sign', key, '--out', join(folder, 'x.tgz')]);
    expect(execFileSync('tar', ['tvzf', join(folder, 'x.tgz')], { encoding: 'utf8' })).toContain(
      './current.js -> lib/a.js',
    );
    const store = folderFirmwareStore({ folder, limits });
    const codeOf = async (target: string, link = true): Promise<string> => {
      const files = await sent(unit, [...packed, 'pepeunit-release.json']);
      const current = { path: 'current.js', bytes: Buffer.from(target), executable: false, link };
      const { id } = await store.stage(inChunks(await packTar([...files, current])), new AbortController().signal);
      return new FolderTrust({ folder, keys: [publicKey] }).check(id).then(
        () => 'taken',
        (error: unknown) => (error as { code: string }).code,
      );
    };
    expect(await codeOf('lib/a.js')).toBe('taken');
    expect(await codeOf('main.js')).toBe('tampered');
    expect(await codeOf('export const a = 1;\n', false)).toBe('tampered');
    expect(await codeOf('lib/a.js', false)).toBe('tampered');
  });

  test('makes a pair of keys, the private one for its owner alone, and never over another', async () => {
    const folder = await temporaryFolder();
    const { key, publicKey } = await keysIn(folder);
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    expect(Buffer.from(publicKey, 'base64')).toHaveLength(32);
    const stderr = `pepeunit pack: StorageError (io): ${key} is there already. Name another file: no key is replaced.\n`;
    expect(await runCli(['pack', '--keygen', key])).toEqual({ code: 1, stdout: '', stderr });
  });

  test('signs the same release for the same files, and the next one for others', async () => {
    const folder = await temporaryFolder();
    const unit = await writeUnit(join(folder, 'unit'));
    const { key } = await keysIn(folder);
    const sign = async (...more: string[]) =>
      json(await runCli(['pack', unit, '--sign', key, '--out', join(folder, 'x.tgz'), '--json', ...more])) as {
        release: number;
        files: string[];
      };
    expect(await sign()).toMatchObject({
      release: 1,
      files: ['lib/a.js', 'main.js', 'pepeunit-release.json', 'run.sh'],
    });
    const text = await readFile(join(unit, 'pepeunit-release.json'), 'utf8');
    expect((await sign()).release).toBe(1);
    expect(await readFile(join(unit, 'pepeunit-release.json'), 'utf8')).toBe(text);
    await writeFile(join(unit, 'main.js'), 'console.log(2);\n');
    expect((await sign()).release).toBe(2);
    expect((await sign('--release', '40')).release).toBe(40);
  });

  test('never packs the private key, and leaves the release as it was', async () => {
    const folder = await temporaryFolder();
    const unit = await writeUnit(folder);
    const { key } = await keysIn(unit);
    const out = join(unit, 'x.tgz');
    expect(await runCli(['pack', '.', '--sign', 'key.pem', '--out', out], { cwd: unit })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('The archive would contain the private key') as string,
    });
    expect((await readdir(unit)).filter((name) => /release|tgz/.test(name))).toEqual([]);
    await writeFile(join(unit, '.pepeignore'), '*.pem\n');
    expect((await runCli(['pack', unit, '--sign', key, '--out', out])).code).toBe(0);
    expect(listed(out)).not.toContain('./key.pem');
  });

  test.each(['0.5', '1.5', '9007199254740993'])('refuses --release %s, which no unit would take', async (release) => {
    const folder = await temporaryFolder();
    const unit = await writeUnit(join(folder, 'unit'));
    const { key } = await keysIn(folder);
    expect((await runCli(['pack', unit, '--sign', key, '--release', release])).code).toBe(2);
  });

  test('says what is wrong with keys and options', async () => {
    const folder = await temporaryFolder();
    const unit = await writeUnit(folder);
    const keys = await temporaryFolder();
    await writeFile(join(keys, 'rsa.pem'), 'no key');
    expect(await runCli(['pack', unit, '--sign', join(keys, 'rsa.pem')])).toMatchObject({ code: 1 });
    expect(await runCli(['pack', unit, '--release', '3'])).toMatchObject({ code: 2 });
    expect(await runCli(['pack', '--program', join(unit, 'run.sh')])).toMatchObject({ code: 2 });
    await writeFile(join(unit, '.pepeignore'), '*.json\n');
    const { key } = await keysIn(keys);
    expect(await runCli(['pack', unit, '--sign', key])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('The archive would lack pepeunit-release.json') as string,
    });
  });
});

/** A program's files as an instance sends them to a unit. */
const sent = (folder: string, names: readonly string[], changes: Readonly<Record<string, string>> = {}) =>
  Promise.all(
    [...new Set([...names, 'env.json', 'schema.json', ...Object.keys(changes)])].map(
      async (path): Promise<ArchiveFile> => ({
        path,
        bytes: changes[path] === undefined ? await readFile(join(folder, path)) : Buffer.from(changes[path]),
        executable: false,
      }),
    ),
  );

describe('a signed version, and a unit with a trust key (U9)', () => {
  const { signal } = new AbortController();
  const trial = { maxStarts: 3, healthyWithinMs: 1000 };

  test('is taken whole and unchanged, by a trusted key, and never older than one that ran', async () => {
    const folder = await temporaryFolder();
    const source = await writeUnit(join(folder, 'source'));
    const { key, publicKey } = await keysIn(folder);
    const other = await keysIn(folder, 'other.pem');
    const sign = (...more: string[]) =>
      runCli(['pack', source, '--sign', key, '--out', join(folder, 'x.tgz'), ...more]);
    const names = [...packed, 'pepeunit-release.json'];
    const unit = join(folder, 'unit');
    await mkdir(unit);
    const store = folderFirmwareStore({ folder: unit, limits });
    /** A trust that begins anew, as after a restart. */
    const trust = (...keys: string[]) => new FolderTrust({ folder: unit, keys });
    const check = async (files: readonly ArchiveFile[], keys = [publicKey]) => {
      const { id } = await store.stage(inChunks(await packTar(files)), signal);
      const code = await trust(...keys)
        .check(id)
        .then(
          () => 'taken',
          (error: unknown) => (error as { code: string }).code,
        );
      return { id, code };
    };
    const codeOf = async (files: readonly ArchiveFile[], keys?: string[]) => (await check(files, keys)).code;

    expect(await codeOf(await sent(source, packed))).toBe('unsigned');
    expect(await codeOf(await sent(source, packed), [])).toBe('taken');
    await sign('--release', '5');
    expect(await codeOf(await sent(source, names))).toBe('taken');
    const pem = createPublicKey(await readFile(key))
      .export({ format: 'pem', type: 'spki' })
      .toString();
    expect(await codeOf(await sent(source, names), [other.publicKey, pem])).toBe('taken');
    expect(await codeOf(await sent(source, names), [other.publicKey])).toBe('tampered');
    expect(await codeOf(await sent(source, names), ['no key'])).toBe('unsigned');
    expect(await codeOf(await sent(source, names, { 'main.js': 'evil' }))).toBe('tampered');
    expect(await codeOf(await sent(source, names, { 'more.js': 'evil' }))).toBe('tampered');
    expect(await codeOf(await sent(source, names, { 'lib/env.json': '{}' }))).toBe('tampered');
    expect(
      await codeOf(
        await sent(
          source,
          names.filter((name) => name !== 'lib/a.js'),
        ),
      ),
    ).toBe('tampered');
    const text = await readFile(join(source, 'pepeunit-release.json'), 'utf8');
    const forged = text.replace('"release": 5', '"release": 50');
    expect(await codeOf(await sent(source, names, { 'pepeunit-release.json': forged }))).toBe('tampered');
    expect(await codeOf(await sent(source, names, { 'pepeunit-release.json': 'no JSON' }))).toBe('unsigned');
    const asProgram = text.replace('"kind": "tree"', '"kind": "program"');
    expect(await codeOf(await sent(source, names, { 'pepeunit-release.json': asProgram }))).toBe('unsigned');
    expect(await codeOf(await sent(source, names, { 'env.json': '{"other":1}' }))).toBe('taken');

    const { id } = await check(await sent(source, names));
    await store.swap(id, { scope: 'everything', from: '1', to: '2', trial });
    await store.confirm();
    await trust(publicKey).remember();
    expect(JSON.parse(await readFile(join(unit, '.pepeunit/newest-release.json'), 'utf8'))).toMatchObject({
      release: 5,
    });
    await sign('--release', '4');
    expect(await codeOf(await sent(source, names))).toBe('outdated');
    await rm(join(unit, 'pepeunit-release.json'));
    expect(await codeOf(await sent(source, names))).toBe('outdated');
    await sign('--release', '6');
    expect(await codeOf(await sent(source, names))).toBe('taken');
  });
});
