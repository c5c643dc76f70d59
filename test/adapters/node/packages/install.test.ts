import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { isRunning } from '../../../../adapters/node/fs/process-identity.ts';
import type { NpmOptions } from '../../../../adapters/node/packages/npm.ts';
import { folderPackages } from '../../../../adapters/node/packages/packages.ts';
import { temporaryFolder, writeFiles, type Files } from '../../../support/folder.ts';
import { startHttpServer } from '../../../support/http-server.ts';
import { registryEnv, startNpmRegistry, type PublishedPackage } from '../../../support/npm-registry.ts';
import { until } from '../../../support/until.ts';

afterEach(() => vi.unstubAllEnvs());

const one: PublishedPackage = { name: 'one', version: '1.0.0', files: { 'index.js': 'export default 1;' } };
const needing = (dependencies: object): string => JSON.stringify({ name: 'unit', version: '1.0.0', dependencies });

/** A lock file with a version of `one`. */
const lock = (version: string) =>
  JSON.stringify({
    name: 'unit',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: {
      '': { name: 'unit', version: '1.0.0', dependencies: { one: '1' } },
      'node_modules/one': { version },
    },
  });

const inEnvironment = (env: NodeJS.ProcessEnv): void => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
};

/** Points npm to an address. */
const pointTo = async (origin: string): Promise<void> => inEnvironment(registryEnv(origin, await temporaryFolder()));

/** Points npm to a registry with these packages. */
const publish = async (...packages: readonly PublishedPackage[]): Promise<void> => {
  const registry = await startNpmRegistry(await temporaryFolder(), packages);
  onTestFinished(() => registry.stop());
  inEnvironment(registry.env);
};

/** A unit with these files, and a staged version of those. */
const unitOf = async (files: Files, staged: Files, install: NpmOptions = {}) => {
  const folder = join(await temporaryFolder(), 'узел 🌡');
  await writeFiles(folder, { 'env.json': '{}', ...files });
  await writeFiles(join(folder, '.pepeunit/staging-a'), staged);
  const ensure = (signal = new AbortController().signal) => folderPackages({ folder, install }).ensure('a', signal);
  const taken = (name: string) => readFile(join(folder, '.pepeunit/packages-a/node_modules', name), 'utf8');
  return { folder, ensure, taken };
};

/** A program in the place of npm. */
const standIn = async (source: string): Promise<string> => {
  const path = join(await temporaryFolder(), 'npm');
  await writeFile(path, `#!${process.execPath}\n${source}`);
  await chmod(path, 0o755);
  return path;
};

const refused = (name: string, code: string, message: string) =>
  expect.objectContaining({ name, code, message: expect.stringContaining(message) });

describe('packages are installed beside a version (U26)', () => {
  test('which names other ones than the running version; the unit has its own until the swap', async () => {
    await publish(one, { ...one, version: '2.0.0', files: { 'index.js': 'export default 2;' } });
    const unit = await unitOf(
      { 'package.json': needing({ one: '1' }), 'node_modules/one/index.js': 'mine' },
      { 'package.json': needing({ one: '2' }), 'node_modules/one/index.js': "the archive's" },
    );
    await unit.ensure();
    expect(await unit.taken('one/index.js')).toBe('export default 2;');
    expect(await readFile(join(unit.folder, 'node_modules/one/index.js'), 'utf8')).toBe('mine');
  });

  test('by its lock file, when that is another one', async () => {
    await publish(one, { ...one, version: '1.1.0' });
    const document = { 'package.json': needing({ one: '1' }) };
    const running = { ...document, 'package-lock.json': lock('1.1.0') };
    const same = await unitOf(running, running);
    await same.ensure();
    await expect(same.taken('one/package.json')).rejects.toMatchObject({ code: 'ENOENT' });
    const other = await unitOf(running, { ...document, 'package-lock.json': lock('1.0.0') });
    await other.ensure();
    expect(await other.taken('one/package.json')).toContain('"1.0.0"');
  });

  test('without those that are there already, byte for byte', async () => {
    await publish(one, { ...one, name: 'two' });
    const first = await unitOf({}, { 'package.json': needing({ one: '1' }) });
    await first.ensure();
    const document = await first.taken('one/package.json');
    const unit = await unitOf(
      { 'node_modules/one/package.json': document, 'node_modules/one/index.js': 'export default 1;' },
      { 'package.json': needing({ one: '1', two: '1' }) },
    );
    await unit.ensure();
    await expect(unit.taken('one/package.json')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await unit.taken('two/index.js')).toBe('export default 1;');
  });

  test('by npm without the variables of the unit, and without a shell (C1, C16)', async () => {
    for (const name of ['PU_AUTH_TOKEN', 'PUC_KEY', 'PEPEUNIT_SUPERVISED', 'NODE_OPTIONS']) vi.stubEnv(name, '');
    vi.stubEnv('HTTPS_PROXY', 'http://proxy');
    const npm = await standIn(
      "require('fs').mkdirSync('node_modules'); require('fs').writeFileSync('node_modules/seen', JSON.stringify([process.argv.slice(2), process.env]));",
    );
    const unit = await unitOf({}, { 'package.json': needing({ one: '1; touch /tmp/x' }) }, { npm });
    await unit.ensure();
    const [args, env] = JSON.parse(await unit.taken('seen')) as [string[], Record<string, string>];
    expect(args).toContain('--ignore-scripts');
    expect(args.join(' ')).not.toContain('touch');
    expect(Object.keys(env).filter((name) => /^(PU|PEPEUNIT|NODE_OPTIONS)/.test(name))).toEqual([]);
    expect(env['HTTPS_PROXY']).toBe('http://proxy');
  });
});

describe('packages that can not be had (U26)', () => {
  const wanting = { 'package.json': needing({ one: '1' }) };

  test('from a registry that does not answer in time; npm is ended', async () => {
    const registry = await startHttpServer(() => undefined);
    onTestFinished(() => registry.stop());
    await pointTo(registry.origin);
    const unit = await unitOf({}, wanting, { withinMs: 3_000 });
    await expect(unit.ensure()).rejects.toEqual(refused('RestError', 'timeout', 'not installed within 3000 ms'));
    await until(async () => (await registry.connections()) === 0, { what: 'the end of npm' });
  });

  test('with what npm starts ended as well, when the unit stops', async () => {
    const npm = await standIn(
      "const { pid } = require('child_process').spawn('sleep', ['600']); require('fs').writeFileSync('pids', pid + ' ' + process.pid); setInterval(() => {}, 1000);",
    );
    const unit = await unitOf({}, wanting, { npm });
    const stop = new AbortController();
    const ended = unit.ensure(stop.signal).catch((thrown: unknown) => thrown);
    const pids = () => readFile(join(unit.folder, '.pepeunit/staging-a/pids'), 'utf8').catch(() => '');
    await until(async () => (await pids()).includes(' '), { what: 'npm' });
    stop.abort(new Error('the unit stops'));
    expect(await ended).toMatchObject({ message: 'the unit stops' });
    const all = (await pids()).split(' ').map(Number);
    await until(() => all.every((pid) => !isRunning({ pid, since: null })), {
      what: 'the end of what npm has started',
    });
  });

  test('without a network', async () => {
    const registry = await startHttpServer(() => undefined);
    await registry.stop();
    await pointTo(registry.origin);
    const unit = await unitOf({}, wanting);
    await expect(unit.ensure()).rejects.toEqual(refused('RestError', 'network', 'npm ended with ECONNREFUSED'));
  });

  test('as the registry has none of that name', async () => {
    await publish();
    const unit = await unitOf({}, wanting);
    await expect(unit.ensure()).rejects.toMatchObject({ name: 'RestError', code: 'status', status: 404 });
  });

  test('as the lock file does not belong to package.json', async () => {
    await publish(one);
    const empty = JSON.stringify({ name: 'unit', version: '1.0.0', lockfileVersion: 3, packages: { '': {} } });
    const unit = await unitOf({}, { ...wanting, 'package-lock.json': empty });
    await expect(unit.ensure()).rejects.toEqual(refused('FirmwareError', 'install', 'npm ended with EUSAGE'));
  });

  test('on a device without npm', async () => {
    const unit = await unitOf({}, wanting, { npm: '/nowhere/npm' });
    await expect(unit.ensure()).rejects.toEqual(refused('FirmwareError', 'install', 'Install npm on the device'));
  });

  test('on a full disk', async () => {
    const npm = await standIn("console.error('npm error code ENOSPC\\nnpm error write'); process.exit(1);");
    const unit = await unitOf({}, wanting, { npm });
    await expect(unit.ensure()).rejects.toEqual(refused('FirmwareError', 'space', 'Free space'));
  });

  test('where node_modules is a link to packages of others', async () => {
    const unit = await unitOf({}, wanting);
    await mkdir(join(unit.folder, '../shared'));
    await symlink('../shared', join(unit.folder, 'node_modules'));
    await expect(unit.ensure()).rejects.toEqual(refused('FirmwareError', 'dependencies', 'is a link'));
  });

  test('with no password of an address in the error', async () => {
    const npm = await standIn(
      "console.error('npm error code EOTHER\\nnpm error GET https://me:canary-password@host/one failed'); process.exit(1);",
    );
    const unit = await unitOf({}, wanting, { npm });
    const thrown = (await unit.ensure().catch((error: unknown) => error)) as Error;
    expect(thrown.message).toContain('GET https://host/one failed');
    expect(thrown.message).not.toContain('canary');
  });
});
