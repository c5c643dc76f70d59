import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createLiveUnit } from '../support/live-unit.ts';
import { until } from '../support/until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const tenLines = async (): Promise<string> => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, code] = /<!-- main.ts -->\s+```ts\n([^`]+(?:`[^`]+`[^`]+)*)```/.exec(readme) ?? [];
  if (code === undefined) throw new Error('README.md has no ten-line unit');
  return code;
};

test('the ten-line unit of the README runs, talks, obeys and stops as it stands', async () => {
  const code = await tenLines();
  expect(
    code
      .trim()
      .split('\n')
      .filter((line) => line.trim() !== '').length,
  ).toBeLessThanOrEqual(10);
  const live = await createLiveUnit();
  const errors: string[] = [];
  await mkdir(live.path('node_modules'));
  await symlink(root, live.path('node_modules/pepeunit-client'));
  await writeFile(live.path('main.mjs'), code);
  const unit = spawn(process.execPath, ['main.mjs'], { cwd: live.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  unit.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  try {
    const published: string[] = [];
    const output = live.topic('output_topic', 'output/pepeunit');
    live.instance.events.on('published', (event) => {
      if (event.topic === output) published.push(Buffer.from(event.payload).toString());
    });
    let reports = 0;
    live.instance.events.on('state', () => (reports += 1));
    await until(() => reports === 1, { what: `the unit's first report (${errors.join('')})` });
    const node = live.row.unit_nodes.find(({ type }) => type === 'Input');
    await live.instance.operator.setStateInput(node?.uuid ?? '', 'hello');
    await until(() => published.length === 1);
    let synced = 0;
    live.instance.events.on('log', () => (synced += 1));
    await live.instance.operator.sendCommand(live.row.uuid, 'LogSync');
    await until(() => synced > 0, { what: 'the obeyed command' });
    await live.instance.operator.setStateInput(node?.uuid ?? '', 'again');
    await until(() => published.length === 2);
    expect(published, 'a command is no message for the input').toEqual(['hello', 'again']);
    const exited = once(unit, 'exit');
    unit.kill('SIGTERM');
    expect(await exited, 'it stops in order').toEqual([0, null]);
  } finally {
    if (unit.exitCode === null) {
      unit.kill('SIGKILL');
      await once(unit, 'exit');
    }
    await live.stop();
  }
  expect(errors).toEqual([]);
});
