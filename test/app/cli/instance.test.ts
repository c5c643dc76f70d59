import { execFile } from 'node:child_process';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { runCli, startCli, type CliRun } from '../../support/cli.ts';
import { executable } from '../../support/executable.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { linkPackage, readJson } from '../../support/new-unit.ts';
import { writeUnseenLock } from '../../support/unseen-lock.ts';
import { until } from '../../support/until.ts';

/** The lines to copy, which are indented. */
const linesToCopy = (text: string, first: RegExp): string[] => {
  const lines = text.split('\n').filter((line) => /^ {2}(API|TOKEN|curl|chmod)/.test(line));
  return lines.filter((line) => /^ {2}(API|TOKEN)=/.test(line) || first.test(line));
};

test.skipIf(executable('curl') === undefined)('the lines that it prints make a unit of a new folder', async () => {
  const folder = join(await temporaryFolder(), 'мой юнит');
  await runCli(['init', folder]);
  await linkPackage(folder);
  const instance = startCli(['instance'], { cwd: folder });
  await until(() => instance.stdout().includes('Ctrl-C'), { what: 'the instance' });
  const shell = async (lines: readonly string[]) =>
    (await promisify(execFile)('sh', ['-c', lines.join('\n')], { cwd: folder })).stdout;
  const made = await shell(linesToCopy(instance.stdout(), /-d/));
  const { uuid, name } = JSON.parse(made) as { uuid: string; name: string };
  expect(name).toBe('my unit');
  await shell(linesToCopy(instance.stdout(), /UUID|chmod/).map((line) => line.replace('UUID', uuid)));
  expect(await readJson(folder, 'env.json')).toMatchObject({ GREETING: 'Hello', PU_HTTP_TYPE: 'http' });
  expect((await stat(join(folder, 'env.json'))).mode & 0o777).toBe(0o600);
  expect(await readJson(folder, 'schema.json')).toMatchObject({
    input_topic: { 'input/pepeunit': [expect.any(String)] },
  });
  instance.child.kill('SIGINT');
  expect(await instance.ended).toMatchObject({ code: 0, stderr: '' });
});

/** Waits for what an instance prints with `--json`. */
const addressesOf = async ({ stdout }: CliRun) =>
  JSON.parse(await until(() => /^\{.*\}$/m.exec(stdout())?.[0], { what: 'the addresses' })) as { mqttUrl: string };

test('a data folder has one instance at a time, also after one that was killed', async () => {
  const cwd = join(await temporaryFolder(), 'мой Pepeunit 🚀');
  await mkdir(cwd);
  const start = () => startCli(['instance', '--data', 'данные', '--json'], { cwd });
  const first = start();
  const { mqttUrl } = await addressesOf(first);
  const second = await start().ended;
  expect(second).toMatchObject({ code: 1, stdout: '' });
  expect(
    second.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    {
      type: 'error',
      name: 'InstanceError',
      code: 'taken',
      message: `Another instance uses the folder данные (process ${first.child.pid}). End it, or name another folder.`,
    },
  ]);
  first.child.kill('SIGKILL');
  await first.ended;
  const third = start();
  expect(await addressesOf(third)).toMatchObject({ mqttUrl });
  third.child.kill('SIGINT');
  expect(await third.ended).toMatchObject({ code: 0, stderr: '' });
  expect(await readdir(join(cwd, 'данные'))).not.toContain('lock.json');
});

const waiting =
  "данные is locked by process 7, which can't be seen from here, as in another container. Waiting up to 16 s for a sign that it runs.";

test.each([
  { options: [], told: `pepeunit instance: ${waiting}`, ready: 'Ctrl-C stops it' },
  { options: ['--json'], told: JSON.stringify({ type: 'note', message: waiting }), ready: 'mqttUrl' },
])(
  'says at once what it waits for, and how long, where the process that has the lock can not be seen: $options',
  async (given) => {
    const cwd = join(await temporaryFolder(), 'мой Pepeunit 🚀');
    await writeUnseenLock(join(cwd, 'данные/lock.json'));
    const run = startCli(['instance', '--data', 'данные', ...given.options], { cwd });
    onTestFinished(() => void run.child.kill('SIGKILL'));
    await until(() => run.stderr() !== '', { what: 'the word on the wait' });
    expect(run.stdout()).toBe('');
    await until(() => run.stdout().includes(given.ready), { what: 'the instance' });
    run.child.kill('SIGINT');
    expect(await run.ended).toMatchObject({ code: 0, stderr: `${given.told}\n` });
  },
);
