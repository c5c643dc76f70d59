import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../support/cli.ts';
import { temporaryFolder, writeFiles } from '../../support/folder.ts';
import { linkPackage, programOf, readJson, repositoryFiles, runTestsIn } from '../../support/new-unit.ts';

interface Manifest {
  readonly name: string;
  readonly type?: string;
  readonly author?: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Settings of git that name an author, or nobody. */
const gitOf = (config: string) => ({ GIT_CONFIG_GLOBAL: config, GIT_CONFIG_SYSTEM: '/dev/null' });

describe('pepeunit init', () => {
  test('makes the repository that the platform asks for, and says what to do next', async () => {
    const folder = await temporaryFolder();
    const { code, stdout, stderr } = await runCli(['init', 'my-unit'], { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const unit = join(folder, 'my-unit');
    expect((await readdir(unit)).toSorted()).toEqual([...repositoryFiles, ...programOf('js')].toSorted());
    for (const name of await readdir(unit)) expect(stdout).toContain(`wrote my-unit/${name}\n`);
    expect(stdout).toMatch(/\nNext:\n\n {2}cd my-unit\n {2}npm install\n {2}npm test .*\n {2}npm run dev .*\n$/);
    const manifest = await readJson<Manifest>(unit, 'package.json');
    expect(manifest).toMatchObject({
      name: 'my-unit',
      type: 'module',
      main: 'main.js',
      scripts: { start: 'pepeunit run main.js', dev: 'pepeunit dev main.js', test: 'node --test' },
      dependencies: { 'pepeunit-client': expect.stringMatching(/^\^\d/) },
    });
    expect(manifest.devDependencies).toBeUndefined();
    const ignored = (await readFile(join(unit, '.gitignore'), 'utf8')).split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['env.json', 'schema.json', 'log.json', '*.log', '.pepeunit']));
    expect((await readFile(join(unit, '.pepeignore'), 'utf8')).split('\n')).toEqual(
      expect.arrayContaining(['.git', '.gitignore', '.pepeignore', 'LICENSE', 'pepeunit.toml', 'readme.md']),
    );
    // The platform fills in the variables that the example lists, and no others.
    expect(await readJson(unit, 'env_example.json')).toMatchObject({
      PU_DOMAIN: '',
      PU_MQTT_HOST: '',
      PU_AUTH_TOKEN: '',
      PU_SECRET_KEY: '',
      PU_ENCRYPT_KEY: '',
      GREETING: 'Hello',
    });
    expect(await runCli(['readme', unit, '--check'])).toMatchObject({ code: 0 });
    expect(await runCli(['types', unit, '--check'])).toMatchObject({ code: 0 });
  });

  test('the unit that it makes passes its own tests', async () => {
    const folder = join(await temporaryFolder(), 'мой юнит 🚀');
    await runCli(['init', folder]);
    await linkPackage(folder);
    const { code, stdout } = await runTestsIn(folder);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^# pass 3$/m) });
  });

  test('a test of the unit fails when the unit does not greet', async () => {
    const folder = await temporaryFolder();
    await runCli(['init', folder]);
    await linkPackage(folder);
    const path = join(folder, 'greeter.js');
    await writeFile(path, (await readFile(path, 'utf8')).replace('settings.GREETING', 'settings.PUBLISH_EVERY_MS'));
    const { code, stdout } = await runTestsIn(folder);
    expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringMatching(/^# fail 1$/m) });
  });

  test.each([
    ['мой юнит 🚀', 'unit', "'мой юнит 🚀'"],
    ['Температура 2', 'unit', "'Температура 2'"],
    ["It's", 'it-s', String.raw`'It'\''s'`],
    ['pepeunit-client', 'unit', 'pepeunit-client'],
  ])('a folder "%s" gives the package %s, and a line to copy', async (name, wanted, quoted) => {
    const folder = await temporaryFolder();
    const { stdout } = await runCli(['init', name], { cwd: folder });
    expect(stdout).toContain(`\n  cd ${quoted}\n`);
    expect((await readJson<Manifest>(folder, name, 'package.json')).name).toBe(wanted);
    expect(await readFile(join(folder, name, 'readme.md'), 'utf8')).toMatch(`# ${name}\n`);
  });

  test('--name names the unit, whatever its characters', async () => {
    const folder = await temporaryFolder();
    const { code } = await runCli(['init', folder, '--name', 'Lamp "7" \\ №1']);
    expect(code).toBe(0);
    expect(await readFile(join(folder, 'readme.md'), 'utf8')).toMatch(/^# Lamp "7" \\ №1\n/);
    expect(await runCli(['readme', folder, '--check'])).toMatchObject({ code: 0 });
    expect(await runCli(['init', folder, '--name', ' '])).toMatchObject({ code: 2 });
  });

  test('the author comes from git, and is left out where git knows none', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { config: '[user]\n\tname = Ада Л.\n\temail = ada@example.com\n', none: '' });
    const known = join(folder, 'known');
    const unknown = join(folder, 'unknown');
    await runCli(['init', known], { env: gitOf(join(folder, 'config')) });
    await runCli(['init', unknown], { cwd: folder, env: { ...gitOf(join(folder, 'none')), HOME: folder } });
    const year = new Date().getFullYear();
    expect(await readFile(join(known, 'LICENSE'), 'utf8')).toContain(`Copyright (c) ${year} Ада Л.\n`);
    expect(await readFile(join(known, 'readme.md'), 'utf8')).toContain('Authors | Ада Л. <ada@example.com>\n');
    expect((await readJson<Manifest>(known, 'package.json')).author).toBe('Ада Л. <ada@example.com>');
    expect(await readFile(join(unknown, 'LICENSE'), 'utf8')).toContain(
      `Copyright (c) ${year} The authors of unknown\n`,
    );
    expect(await readFile(join(unknown, 'readme.md'), 'utf8')).not.toContain('Authors');
  });

  test('no git at all is no obstacle', async () => {
    const folder = await temporaryFolder();
    expect(await runCli(['init', folder], { env: { PATH: folder } })).toMatchObject({ code: 0, stderr: '' });
  });

  test('leaves what is there alone, and names it', async () => {
    const folder = await temporaryFolder();
    const mine = { 'main.js': 'mine', 'README.md': 'mine too', 'LICENCE.txt': 'GPL' };
    await writeFiles(folder, { ...mine, '.gitignore': 'data\n/node_modules/' });
    const { code, stdout } = await runCli(['init', '--json'], { cwd: folder });
    expect(code).toBe(0);
    const { written, changed, kept } = JSON.parse(stdout) as Record<string, string[]>;
    expect(kept?.toSorted()).toEqual(Object.keys(mine).toSorted());
    expect(changed).toEqual(['.gitignore']);
    expect(written).toEqual(expect.arrayContaining(['greeter.js', 'package.json', '.pepeignore']));
    for (const [name, text] of Object.entries(mine)) expect(await readFile(join(folder, name), 'utf8')).toBe(text);
    expect(await readFile(join(folder, '.gitignore'), 'utf8')).toBe(
      'data\n/node_modules/\nenv.json\nschema.json\nlog.json\n*.log\n.pepeunit\n',
    );
    expect(await readdir(folder)).not.toContain('readme.md');
  });

  test('a second time changes nothing', async () => {
    const folder = await temporaryFolder();
    await runCli(['init'], { cwd: folder });
    const before = await readFile(join(folder, 'package.json'), 'utf8');
    const { stdout } = await runCli(['init', '--json'], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({ written: [], changed: [], keptScripts: [] });
    expect(await readFile(join(folder, 'package.json'), 'utf8')).toBe(before);
  });

  test('adds to a package.json in its own form, and replaces nothing of it', async () => {
    const folder = await temporaryFolder();
    const text = `{
\t"name": "@home/lamp",
\t"type": "module",
\t"license": "BSD-3-Clause",
\t"scripts": {"test": "vitest", "start": "node lamp.js"},
\t"dependencies": {"left-pad": "1.0.0"}
}`;
    await writeFile(join(folder, 'package.json'), text);
    const { stdout } = await runCli(['init'], { cwd: folder });
    expect(stdout).toContain('added what was missing to package.json\n');
    expect(stdout).toContain('left these scripts as they are: start, test\n');
    const after = await readFile(join(folder, 'package.json'), 'utf8');
    expect(after).toMatch(/^\{\n\t"name": "@home\/lamp",\n\t"type": "module",\n/);
    expect(after.endsWith('}')).toBe(true);
    expect(JSON.parse(after)).toMatchObject({
      license: 'BSD-3-Clause',
      scripts: { test: 'vitest', start: 'node lamp.js', dev: 'pepeunit dev main.js', doctor: 'pepeunit doctor' },
      dependencies: { 'left-pad': '1.0.0', 'pepeunit-client': expect.any(String) },
    });
    expect(await readdir(folder)).not.toContain('LICENSE');
    expect(await readFile(join(folder, 'readme.md'), 'utf8')).toContain('License | BSD-3-Clause\n');
  });

  test('a package of CommonJS gets a program that is a module all the same, and works', async () => {
    const folder = await temporaryFolder();
    const npmInit = {
      name: 'lamp',
      version: '1.0.0',
      main: 'index.js',
      scripts: { test: 'echo "Error: no test specified" && exit 1' },
      type: 'commonjs',
    };
    await writeFile(join(folder, 'package.json'), `${JSON.stringify(npmInit, null, 2)}\n`);
    expect(await runCli(['init'], { cwd: folder })).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual(expect.arrayContaining(programOf('mjs')));
    expect(await readJson(folder, 'package.json')).toMatchObject({
      type: 'commonjs',
      main: 'index.js',
      scripts: { start: 'pepeunit run main.mjs', test: 'node --test' },
    });
    await linkPackage(folder);
    expect(await runTestsIn(folder)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^# pass 3$/m) });
  });

  test.each([
    ['{"name": ', 'is not JSON'],
    ['[]', 'is no JSON object'],
  ])('a package.json %s is an error, and nothing is written', async (text, why) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'package.json'), text);
    const { code, stdout, stderr } = await runCli(['init'], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `pepeunit init: StorageError (malformed): package.json ${why}, and nothing was written. Correct it.\n`,
    );
    expect(await readdir(folder)).toEqual(['package.json']);
  });

  test.runIf(process.getuid?.() !== 0)('a folder that is read-only is an error in one line', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'locked'));
    await chmod(join(folder, 'locked'), 0o500);
    const { code, stderr } = await runCli(['init', 'locked'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^pepeunit init: StorageError \(io\): .*EACCES.*\n$/);
  });

  test('a file in the place of the folder is an error in one line', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'unit'), '');
    const { code, stderr } = await runCli(['init', 'unit'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^pepeunit init: StorageError \(io\): .*EEXIST.*\n$/);
  });
});
