import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { writeUnseenLock } from '../../support/unseen-lock.ts';
import { until } from '../../support/until.ts';

const startIn = (cwd: string, args: readonly string[]) => {
  const run = startCli(args, { cwd });
  onTestFinished(async () => {
    run.child.kill('SIGTERM');
    await run.ended;
  });
  return run;
};

const waitText = (folder: string) =>
  `${folder} is locked by process 7, which can't be seen from here, as in another container. Waiting up to 16 s for a sign that it runs.`;

/** A unit whose supervisor was killed in a container. */
const lockedUnit = async () => {
  const folder = join(await temporaryFolder(), 'мой юнит 🚀');
  await writeUnseenLock(join(folder, '.pepeunit/supervisor.json'));
  await writeFile(join(folder, 'env.json'), '{}');
  await writeFile(join(folder, 'main.js'), "console.log('runs');");
  return { folder, own: join(folder, '.pepeunit') };
};

describe('pepeunit run after a kill in a container that is gone', () => {
  test.each([
    { options: [], told: (own: string) => `pepeunit run: ${waitText(own)}` },
    {
      options: ['--json'],
      told: (own: string) => JSON.stringify({ type: 'locked', folder: own, pid: 7, atMostMs: 15_750 }),
    },
  ])('says at once what it waits for, and how long, then runs the unit: $options', async ({ options, told }) => {
    const { folder, own } = await lockedUnit();
    const run = startIn(folder, ['run', ...options, 'main.js']);
    await until(() => run.stderr() !== '', { what: 'the word on the wait' });
    expect(run.stdout()).toBe('');
    const { code, stdout, stderr } = await run.ended;
    expect({ code, stdout, first: stderr.split('\n')[0] }).toEqual({ code: 0, stdout: 'runs\n', first: told(own) });
    expect(stderr.split('is locked by').length + stderr.split('"locked"').length).toBe(3);
  });
});

test('pepeunit run ends at once when it is stopped while it waits, and leaves the lock and the unit alone', async () => {
  const { folder, own } = await lockedUnit();
  const before = await readFile(join(own, 'supervisor.json'), 'utf8');
  const run = startIn(folder, ['run', 'main.js']);
  await until(() => run.stderr() !== '', { what: 'the word on the wait' });
  run.child.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 0, stdout: '', stderr: `pepeunit run: ${waitText(own)}\n` });
  expect(await readFile(join(own, 'supervisor.json'), 'utf8')).toBe(before);
});
