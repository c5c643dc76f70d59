import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runCli, startCli, startNode } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { until } from '../../support/until.ts';

const project = resolve(import.meta.dirname, '../../..');

/** A folder with a program that runs, and no env.json. */
const inFolder = async () => {
  const folder = await temporaryFolder();
  const main = join(folder, 'main.mjs');
  await writeFile(main, "process.stdout.write('here'); setInterval(() => {}, 1000);");
  return { folder, main };
};

describe('pepeunit run without env.json', () => {
  test('says so in one line, starts nothing and exits with 78', async () => {
    const { folder, main } = await inFolder();
    const message = `${folder}/env.json does not exist. Download the unit's env from the instance.`;
    const wanted = { code: 78, stdout: '' };
    expect(await runCli(['run', main])).toEqual({ ...wanted, stderr: `pepeunit run: ${message}\n` });
    const error = { type: 'error', name: 'SettingsError', code: 'missing', message };
    expect(await runCli(['run', main, '--json'])).toEqual({ ...wanted, stderr: `${JSON.stringify(error)}\n` });
  });

  test('does so as well when the file is gone at a later start', async () => {
    const { folder, main } = await inFolder();
    await writeFile(join(folder, 'env.json'), '{}');
    const run = startCli(['run', main, '--json']);
    onTestFinished(() => void run.child.kill('SIGKILL'));
    await until(() => run.stdout().includes('here'));
    await rm(join(folder, 'env.json'));
    const pid = (JSON.parse(run.stderr().split('\n')[0] ?? '') as { pid: number }).pid;
    process.kill(pid, 'SIGKILL');
    expect(await run.ended).toMatchObject({ code: 78, stderr: expect.stringContaining('env.json does not exist') });
  });

  test('starts with --without-env a program that brings its own', async () => {
    const { main } = await inFolder();
    const run = startCli(['run', main, '--without-env']);
    await until(() => run.stdout().includes('here'));
    run.child.kill('SIGTERM');
    await run.ended;
  });

  test('one that can not be read or used is left to the unit (U21)', async () => {
    const { folder, main } = await inFolder();
    await mkdir(join(folder, 'env.json'));
    const run = startCli(['run', main]);
    await until(() => run.stdout().includes('here'));
    run.child.kill('SIGTERM');
    await run.ended;
  });
});

test('a command without its optional packages names those that are neither installed nor built in, and how to install them', async () => {
  const folder = await temporaryFolder();
  const { dependencies, optionalDependencies } = createRequire(import.meta.url)(join(project, 'package.json')) as {
    dependencies: Record<string, string>;
    optionalDependencies: Record<string, string>;
  };
  await cp(join(project, 'package.json'), join(folder, 'package.json'));
  await cp(join(project, 'dist'), join(folder, 'dist'), { recursive: true });
  await mkdir(join(folder, 'node_modules'));
  for (const name of [...Object.keys(dependencies), 'ws']) {
    await symlink(join(project, 'node_modules', name), join(folder, 'node_modules', name));
  }
  const { code, stderr } = await startNode([join(folder, 'dist/app/cli/main.js'), 'instance']).ended;
  expect(code).toBe(1);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  const lacking = Object.entries(optionalDependencies).filter(([name]) => !['mqtt', 'ws'].includes(name));
  expect(lacking.length).toBeGreaterThan(2);
  expect(stderr).toContain(`npm install ${lacking.map(([name, range]) => `${name}@${range}`).join(' ')}`);
});
