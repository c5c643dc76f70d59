import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { describeWithNamespaces } from '../../support/namespaces.ts';
import { until } from '../../support/until.ts';

/** Words that start a container of its own, as far as processes go: each supervisor is its process 1. */
const within = ['unshare', '-mpf', '--mount-proc', '--kill-child'];

const supervise = (main: string) => {
  const run = startCli(['run', '--json', main], { within });
  onTestFinished(async () => {
    run.child.kill('SIGKILL');
    await run.ended;
  });
  return { ...run, isStarted: () => run.stdout().includes('here') };
};

describeWithNamespaces('pepeunit run in two containers on one volume', () => {
  test('the second is refused, and one after a kill takes the unit over (S15, U21)', async () => {
    const folder = await temporaryFolder();
    const main = join(folder, 'main.mjs');
    await writeFile(join(folder, 'env.json'), '{}');
    await writeFile(main, "process.stdout.write('here\\n'); setInterval(() => {}, 1000);");
    const first = supervise(main);
    await until(first.isStarted, { what: 'the first' });
    const second = await supervise(main).ended;
    expect(second).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Another supervisor runs') });
    first.child.kill('SIGKILL');
    await first.ended;
    const third = supervise(main);
    await until(third.isStarted, { what: 'the third' });
  });
});
