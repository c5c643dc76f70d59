import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderFirmwareStore } from '../../../adapters/node/firmware/store.ts';
import { defaultArchiveLimits } from '../../../services/firmware.ts';
import { inChunks, tarOf } from '../../support/tar.ts';
import { until } from '../../support/until.ts';
import { startCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';

const kills = 50;
const program = (label: string) => `console.log('${label} here'); setInterval(() => {}, 1000);`;

test(`${kills} quick kills of a confirmed version never roll back (U12)`, async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'main.js'), program('old'));
  await writeFile(join(folder, 'env.json'), '{}');
  const store = folderFirmwareStore({ folder, limits: defaultArchiveLimits });
  const archive = await tarOf({ name: 'main.js', text: program('new') });
  const { id } = await store.stage(inChunks(archive), new AbortController().signal);
  await store.swap(id, {
    scope: 'everything',
    from: 'one',
    to: 'two',
    trial: { maxStarts: 1, healthyWithinMs: 60_000 },
  });
  await store.countStart();
  await store.confirm();
  for (let kill = 0; kill < kills; kill += 1) {
    const run = startCli(['run', join(folder, 'main.js'), '--json', '--grace', '0.2']);
    await until(() => run.stdout().includes('here') && run.stderr().includes('\n'), {
      what: 'the unit and its first line',
    });
    expect(run.stdout()).toBe('new here\n');
    const { pid } = JSON.parse(run.stderr().split('\n')[0] ?? '') as { pid: number };
    run.child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await once(run.child, 'exit');
  }
  expect(await store.status()).toEqual({ phase: 'settled', outcome: { version: 'two', result: 'confirmed' } });
  expect(await readFile(join(folder, 'main.js'), 'utf8')).toBe(program('new'));
});
