import { lstat, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { appended } from '../../../app/cli/log.ts';
import { until } from '../../support/until.ts';
import { runCli, startCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';

const root = resolve(import.meta.dirname, '../../..');
const require = createRequire(import.meta.url);

describe('pepeunit init', () => {
  test('writes a unit, and refuses to overwrite a file of it', async () => {
    const folder = await temporaryFolder();
    const unit = join(folder, 'My first unit');
    const { code, stdout } = await runCli(['init', unit, '--json']);
    expect(code).toBe(0);
    const { files } = JSON.parse(stdout) as { files: string[] };
    expect((await readdir(unit)).toSorted()).toEqual(files.toSorted());
    expect(files).toEqual(
      expect.arrayContaining(['package.json', 'main.js', 'env_example.json', 'schema_example.json', 'README.md']),
    );
    const manifest = JSON.parse(await readFile(join(unit, 'package.json'), 'utf8')) as { name: string };
    expect(manifest.name).toBe('my-first-unit');

    await writeFile(join(unit, 'main.js'), 'mine');
    const again = await runCli(['init', unit]);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toMatch(/^pepeunit init: StorageError \(io\): .*exists already, and nothing was written.*\n$/);
    expect(await readFile(join(unit, 'main.js'), 'utf8')).toBe('mine');
  });

  test('writes nothing at all when only the last of its files exists', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, '.gitignore'), 'mine');
    expect((await runCli(['init'], { cwd: folder })).code).toBe(1);
    expect(await readdir(folder)).toEqual(['.gitignore']);
  });

  test('writes a TypeScript program that compiles as it is', async () => {
    const folder = await temporaryFolder();
    expect((await runCli(['init', '--typescript'], { cwd: folder })).code).toBe(0);
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules/pepeunit-client'));
    await symlink(dirname(dirname(require.resolve('@types/node/package.json'))), join(folder, 'node_modules/@types'));
    await promisify(execFile)(process.execPath, [require.resolve('typescript/bin/tsc')], { cwd: folder });
    expect((await lstat(join(folder, 'main.js'))).isFile()).toBe(true);
  });
});

const at = '2026-01-31T12:00:00.000Z';
const entry = (text: string) => ({ level: 'Info', text, create_datetime: at });
const lines = (...texts: readonly string[]) => texts.map((text) => `${JSON.stringify(entry(text))}\n`).join('');

describe('pepeunit log', () => {
  test('prints entries readably, one line each, and as they are with --json', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'log.json'), `${lines('one', 'two\n\u001b[2J')}{"level":"In`);
    expect(await runCli(['log', folder])).toEqual({
      code: 0,
      stdout: `${at} Info     one\n${at} Info     two\\n\\x1b[2J\n`,
      stderr: '',
    });
    const { stdout } = await runCli(['log', '--json'], { cwd: folder });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([entry('one'), entry('two\n\u001b[2J')]);
  });

  test('a folder without log.json is an error', async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await runCli(['log', folder]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^pepeunit log: StorageError \(io\): .*log\.json does not exist.*\n$/);
  });

  test('--follow prints what comes, and ends with 0 on Ctrl-C', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'log.json');
    await writeFile(path, lines('one', 'two'));
    const run = startCli(['log', folder, '--follow']);
    await until(() => run.stdout().includes('two'), { what: 'the first entries' });
    await writeFile(path, lines('two', 'three'));
    await until(() => run.stdout().includes('three'), { what: 'the new entry' });
    run.child.kill('SIGINT');
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(stdout.match(/\b(?:one|two|three)\b/g)).toEqual(['one', 'two', 'three']);
  });

  test('a reader that leaves early is no failure', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'log.json'), lines(...Array.from({ length: 20_000 }, (_, n) => `entry ${n}`)));
    const run = startCli(['log', folder]);
    await until(() => run.stdout() !== '', { what: 'output' });
    run.child.stdout?.destroy();
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('appended', () => {
  test('finds the lines that are new, also when the oldest were cut off', () => {
    expect(appended([], ['a'])).toEqual(['a']);
    expect(appended(['a'], ['a'])).toEqual([]);
    expect(appended(['a', 'b'], ['a', 'b', 'c'])).toEqual(['c']);
    expect(appended(['a', 'b', 'c'], ['c', 'd'])).toEqual(['d']);
    expect(appended(['a', 'a'], ['a', 'a', 'a'])).toEqual(['a']);
    expect(appended(['a', 'b'], ['x'])).toEqual(['x']);
    expect(appended(['a', 'b'], [])).toEqual([]);
  });
});
