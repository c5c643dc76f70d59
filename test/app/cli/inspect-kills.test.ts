import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startCli, startNode, type CliRun } from '../../support/cli.ts';
import { openPage, type OpenPage } from '../../support/inspector-page.ts';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

const dist = join(import.meta.dirname, '../../../dist/app');
const program = `import { existsSync, writeFileSync } from 'node:fs';
import { PepeunitClient } from ${JSON.stringify(join(dist, 'node.js'))};
const client = new PepeunitClient({ envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' });
let count = 0;
client.setOutputHandler((unit) => unit.publishToTopics('output/pepeunit', String((count += 1))));
process.once('SIGTERM', () => void client.stopMainCycle());
if (process.env.RESTARTS && !existsSync('restarted')) client.on('online', () => {
  writeFileSync('restarted', '');
  void client.restartDevice();
});
await client.runMainCycle({ cycleMs: 100 });`;

let live: LiveUnit;
const runs: CliRun[] = [];
beforeEach(async () => {
  live = await createLiveUnit();
  await writeFile(live.path('main.mjs'), program);
});
afterEach(async () => {
  for (const { child } of runs) child.kill('SIGKILL');
  await Promise.all(runs.splice(0).map(({ ended }) => ended));
  await live.stop();
});

const start = (run: CliRun): CliRun => {
  runs.push(run);
  return run;
};

const startInspector = async () => {
  const run = start(startCli(['inspect', '--json']));
  const { url } = JSON.parse(await until(() => /^.*\n/.exec(run.stdout())?.[0])) as { url: string };
  return { ...run, url };
};

const startUnit = (url: string, env: NodeJS.ProcessEnv = {}): CliRun =>
  start(
    startNode(['--import', join(dist, 'inspector/unit-hook.js'), 'main.mjs'], {
      cwd: live.folder,
      env: { PEPEUNIT_INSPECTOR: url, ...env },
    }),
  );

const published = () =>
  live.events.filter((event) => event.type === 'published' && event.key === 'output/pepeunit').length;

test('a unit that is killed is shown as ended, and as a new run when it is back', async () => {
  const { url } = await startInspector();
  await using page = await openPage(url);
  const unit = startUnit(url);
  await page.until(() => page.lines.some((line) => line.includes('"online"')));
  unit.child.kill('SIGKILL');
  await page.until(() => page.lines.at(-1)?.startsWith('["end"') === true);
  expect(page.lost).toBe(0);
  startUnit(url);
  await page.until(() => page.lines.filter((line) => line.startsWith('["run"')).length === 2);
  const [first, second] = page.lines.filter((line) => line.startsWith('["run"'));
  expect(first).not.toEqual(second);
});

test('an address without its last slash is as good', async () => {
  const { url } = await startInspector();
  await using page = await openPage(url);
  startUnit(url.slice(0, -1));
  await page.until(() => page.lines.some((line) => line.includes('"online"')));
  expect(page.lines[0]).toMatch(/^\["run"/);
});

test('a unit with what is no address runs, and says why it is not shown', async () => {
  const unit = startUnit('127.0.0.1:40123/TOKEN');
  await until(() => published() > 0);
  expect(unit.stderr()).toContain('PEPEUNIT_INSPECTOR is no address that an inspector has printed');
});

test('a unit goes on when its inspector is killed, and stops as ever', async () => {
  const { url, child } = await startInspector();
  const unit = startUnit(url);
  await until(() => published() > 0);
  child.kill('SIGKILL');
  const before = published();
  await until(() => published() > before + 5);
  unit.child.kill('SIGTERM');
  expect(await unit.ended).toMatchObject({ code: 0, stderr: '' });
});

test('a unit whose inspector is not there runs, and says once that it is not shown', async () => {
  const unit = startUnit('http://127.0.0.1:9/a-secret/');
  await until(() => unit.stderr().includes('not shown'));
  const count = published();
  await until(() => published() > count + 20);
  unit.child.kill('SIGTERM');
  const { code, stderr } = await unit.ended;
  expect(code).toBe(0);
  expect(stderr.match(/not shown/g)).toHaveLength(1);
  expect(stderr).toContain(
    'The unit is not shown: the inspector at http://127.0.0.1:9 does not take it (connect ECONNREFUSED 127.0.0.1:9). ' +
      'It runs on, and tries again.',
  );
  expect(stderr).not.toContain('a-secret');
});

test('a unit with the address of an inspector before says that it is not shown', async () => {
  const { url } = await startInspector();
  const unit = startUnit(new URL('/YesterdaysTokenIsNoMore/', url).href);
  await until(() => unit.stderr().includes('not shown'));
  expect(unit.stderr()).toContain(
    `the inspector at ${new URL(url).origin} does not take it (Unexpected server response: `,
  );
});

/** The runs of each source that a page has, as process ids. */
const processesOf = ({ frames }: OpenPage): Readonly<Record<string, readonly number[]>> => {
  const bySource: Record<string, number[]> = {};
  for (const frame of frames) {
    const [, source = ''] = JSON.parse(frame.slice(0, frame.indexOf('\n'))) as string[];
    const pids = [...frame.matchAll(/^\["run",.*"pid":(\d+)/gm)].map(([, pid]) => Number(pid));
    bySource[source] = [...(bySource[source] ?? []), ...pids];
  }
  return bySource;
};

test('two processes of one unit at the same time are two units, each with its own runs', async () => {
  const { url } = await startInspector();
  await using page = await openPage(url);
  const { uuid } = live.row;
  const first = startUnit(url);
  await page.until(() => page.lines.some((line) => line.startsWith('["run"')));
  const second = startUnit(url);
  await page.until(() => Object.keys(processesOf(page)).length === 2);
  expect(processesOf(page)).toEqual({ [uuid]: [first.child.pid], [`${uuid}~2`]: [second.child.pid] });
  second.child.kill('SIGKILL');
  await page.until(() => page.frames.some((frame) => frame.includes(`${uuid}~2`) && frame.includes('["end"')));
  const third = startUnit(url);
  await page.until(() => processesOf(page)[`${uuid}~2`]?.length === 2);
  expect(processesOf(page)).toEqual({
    [uuid]: [first.child.pid],
    [`${uuid}~2`]: [second.child.pid, third.child.pid],
  });
});

test('a program that restarts itself goes on in the same recording, from another process', async () => {
  const { url } = await startInspector();
  await using page = await openPage(url);
  const unit = startUnit(url, { RESTARTS: '1' });
  const runsIn = () => page.lines.map((line) => JSON.parse(line) as unknown[]).filter(([kind]) => kind === 'run');
  await page.until(() => runsIn().length === 2);
  const [first, second] = runsIn().map(([, about]) => about as { unit: string; startedAt: number });
  expect(second?.unit).toBe(first?.unit);
  expect(second?.startedAt).toBeGreaterThan(first?.startedAt ?? Infinity);
  const restarted = page.lines.findLastIndex((line) => line.startsWith('["run"'));
  await page.until(() => page.lines.slice(restarted).some((line) => line.includes('"online"')));
  expect(page.lines.some((line) => line.startsWith('["mark"') && line.includes('"restart"'))).toBe(true);
  unit.child.kill('SIGTERM');
  expect((await unit.ended).code).toBe(0);
});
