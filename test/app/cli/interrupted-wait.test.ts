import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startCli, type CliOptions } from '../../support/cli.ts';
import { temporaryFolder, writeFiles } from '../../support/folder.ts';
import { programFiles } from '../../support/instance.ts';
import { describeWithNamespaces } from '../../support/namespaces.ts';
import { writeUnseenLock } from '../../support/unseen-lock.ts';
import { until } from '../../support/until.ts';

const start = (args: readonly string[], options: CliOptions) => {
  const run = startCli(args, options);
  onTestFinished(async () => {
    run.child.kill('SIGKILL');
    await run.ended;
  });
  return run;
};

const createUnit = async (): Promise<string> => {
  const folder = join(await temporaryFolder(), 'мой юнит 🚀');
  await writeFiles(folder, programFiles({ 'main.js': '' }));
  return folder;
};

/** Names of all files in a folder, and what is in the lock. */
const pictureOf = async (folder: string, lock: string) => ({
  names: (await readdir(folder, { recursive: true })).toSorted(),
  lock: await readFile(join(folder, lock), 'utf8'),
});

const isTold = /is locked by process 7, .* Waiting up to 16 s/;

const ways = (['SIGINT', 'SIGTERM'] as const).flatMap((signal) => [
  { signal, options: [] },
  { signal, options: ['--json'] },
]);

describe.each([
  { command: 'instance', args: ['--data', 'данные'], lock: 'данные/lock.json', create: temporaryFolder },
  { command: 'dev', args: [], lock: '.pepeunit/dev/dev.json', create: createUnit },
  { command: 'dev', args: [], lock: '.pepeunit/dev/instance/lock.json', create: createUnit },
])('pepeunit $command that waits for $lock', ({ command, args, lock, create }) => {
  test.each(ways)('ends at once by $signal, and writes nothing: $options', async ({ signal, options }) => {
    const cwd = await create();
    await writeUnseenLock(join(cwd, lock));
    const before = await pictureOf(cwd, lock);
    const run = start([command, ...args, ...options], { cwd });
    await until(() => isTold.test(run.stderr()), { what: 'the word on the wait' });
    run.child.kill(signal);
    const { code, stdout, stderr } = await run.ended;
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 0, stdout: '', lines: 1 });
    expect(await pictureOf(cwd, lock)).toEqual(before);
  });
});

describe('pepeunit dev that waits for .pepeunit/supervisor.json', () => {
  test.each(ways)('ends at once by $signal, and does not start the unit: $options', async ({ signal, options }) => {
    const cwd = await createUnit();
    const lock = '.pepeunit/supervisor.json';
    await writeUnseenLock(join(cwd, lock));
    const before = await pictureOf(cwd, lock);
    const run = start(['dev', ...options], { cwd });
    await until(() => isTold.test(run.stderr()), { what: 'the word on the wait' });
    run.child.kill(signal);
    const { code, stderr } = await run.ended;
    expect({ code, lines: stderr.match(/^pepeunit dev: .*/gm)?.length }).toEqual({ code: 0, lines: 1 });
    const after = await pictureOf(cwd, lock);
    expect(after.lock).toBe(before.lock);
    expect(after.names.filter((name) => /(dev|lock)\.json$|\.tmp$/.test(name))).toEqual([]);
  });
});

describeWithNamespaces('pepeunit instance beside one in a container', () => {
  test('ends by SIGINT while it waits for a sign of that one, which works on', async () => {
    const cwd = await temporaryFolder();
    const args = ['instance', '--data', 'данные 🚀', '--json'];
    const first = start(args, { cwd, within: ['unshare', '-mpf', '--mount-proc', '--kill-child'] });
    const { httpUrl } = JSON.parse(
      await until(() => /^\{.*\}$/m.exec(first.stdout())?.[0], { what: 'the first one' }),
    ) as { httpUrl: string };
    const { nonce } = JSON.parse(await readFile(join(cwd, 'данные 🚀/lock.json'), 'utf8')) as { nonce: string };
    // While it stands still it gives no sign.
    const { pid = 0 } = first.child;
    const inside = Number(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
    process.kill(inside, 'SIGSTOP');
    const second = start(args, { cwd });
    await until(() => second.stderr() !== '', { what: 'the word on the wait' });
    second.child.kill('SIGINT');
    expect(await second.ended).toMatchObject({ code: 0, stdout: '' });
    process.kill(inside, 'SIGCONT');
    expect((await fetch(httpUrl)).status).toBeGreaterThan(0);
    expect(JSON.parse(await readFile(join(cwd, 'данные 🚀/lock.json'), 'utf8'))).toMatchObject({ nonce });
    expect(first.stderr()).toBe('');
  });
});
