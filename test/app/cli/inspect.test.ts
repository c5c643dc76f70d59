import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startInspector } from '../../../app/inspector/server/server.ts';
import { runCli, startCli, type CliRun } from '../../support/cli.ts';
import { createFolder } from '../../support/folder.ts';
import { openPage } from '../../support/inspector-page.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

let folder: string;
let remove: () => Promise<void>;
const runs: CliRun[] = [];
beforeEach(async () => {
  ({ path: folder, remove } = await createFolder());
});
afterEach(async () => {
  for (const { child } of runs) child.kill('SIGKILL');
  await Promise.all(runs.splice(0).map(({ ended }) => ended));
  await remove();
});

/** Starts the command. @returns Once it has printed an address: that, and what it printed. */
const start = async (args: readonly string[], options?: Parameters<typeof startCli>[1]) => {
  const run = startCli(args, options);
  runs.push(run);
  const printed = () => `${run.stdout()}${run.stderr()}`;
  const [url] = await until(() => /http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/(?=["\n])/.exec(printed()) ?? undefined);
  return { ...run, url };
};

const saved = [
  '["#","a",0,0]',
  '["run",{"v":1,"unit":"a","name":"kitchen","startedAt":0}]',
  '["l",1,"Info","Тёплый дом 🏠"]',
  '["#","b",10,4]',
  '["run",{"v":1,"unit":"b","name":"cellar","startedAt":0}]',
];

describe('pepeunit inspect FILE', () => {
  test('shows a recording whose units are gone', async () => {
    const file = join(folder, 'night.ndjson');
    await writeFile(file, `${saved.join('\n')}\n`);
    const { url, stdout, child, ended } = await start(['inspect', file]);
    await until(() => stdout().includes('Ctrl-C'));
    expect(stdout()).toContain('3 lines of 2 units.\n');
    await using page = await openPage(url);
    await page.until(() => page.lines.length === 3);
    expect(page.lines).toEqual(saved.filter((line) => !line.startsWith('["#"')));
    expect(page.lost).toBe(4);
    expect(page.hello).toMatchObject({ recording: 'night.ndjson' });
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });

  test('lays charts of others out with elkjs, where that is installed', async () => {
    const file = join(folder, 'night.ndjson');
    await writeFile(file, `${saved.join('\n')}\n`);
    const { url } = await start(['inspect', file]);
    await using page = await openPage(url);
    expect(page.hello).toMatchObject({ canLayOut: true });
    const engine = await fetch(`${url}elk.js`);
    expect([engine.status, engine.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
  });

  test('takes no unit: all that it shows is the recording', async () => {
    const file = join(folder, 'night.ndjson');
    await writeFile(file, `${saved.join('\n')}\n`);
    const { url } = await start(['inspect', file]);
    const socket = new WebSocket(new URL('unit?source=a&recording=1', url.replace('http:', 'ws:')));
    const [refusal] = (await once(socket, 'error')) as [Error];
    expect(refusal.message).toBe('Unexpected server response: 404');
  });

  test('takes no --control: nothing in a recording can be commanded', async () => {
    const file = join(folder, 'тёплая ночь 🌙.ndjson');
    await writeFile(file, `${saved.join('\n')}\n`);
    expect(await runCli(['inspect', file, '--control'])).toEqual({
      code: 2,
      stdout: '',
      stderr: `pepeunit inspect: --control goes with units that run: ${file} is a recording. pepeunit inspect --help says more.\n`,
    });
  });

  test('what it saves again is the same', async () => {
    const file = join(folder, 'night.ndjson');
    await writeFile(file, `${saved.slice(0, 3).join('\n')}\n`);
    const { url } = await start(['inspect', file]);
    expect(await (await fetch(`${url}recording.ndjson`)).text()).toBe(await readFile(file, 'utf8'));
  });

  test('damaged and cut lines are counted, and the rest is shown', async () => {
    const file = join(folder, 'night.ndjson');
    await writeFile(file, [...saved, '{"no":"line"}', 'no JSON', '["l",2,"Inf'].join('\r\n'));
    const { stdout } = await start(['inspect', file, '--json']);
    expect(JSON.parse(stdout())).toMatchObject({ lines: 3, units: 2, damaged: 3 });
  });

  test('a line without an end is passed over, whatever its length', async () => {
    const file = join(folder, 'night.ndjson');
    await writeFile(
      file,
      [...saved, `["l",2,"Info","${'x'.repeat(20_000_000)}"]`, '["l",3,"Info","after"]'].join('\n'),
    );
    const { stdout } = await start(['inspect', file, '--json']);
    expect(JSON.parse(stdout())).toMatchObject({ lines: 4, units: 2, damaged: 1 });
  });

  test.each([
    ['is none', 'package.json', '{"name":"x"}', /is no recording\. Give a file/],
    ['has no lines', 'empty.ndjson', '', /is no recording/],
    ['has only damaged lines', 'bad.ndjson', '[1\n[2\n', /is no recording/],
    ['has lines of other kinds alone', 'kinds.ndjson', '["abc"]\n["l","no time"]\n', /is no recording/],
    ['is a folder', '.', undefined, /is no recording\. Give a file/],
    ['is not there', undefined, undefined, /missing\.ndjson/],
  ])('a file that %s ends it with an error', async (_, name, text, message) => {
    if (name !== undefined && text !== undefined) await writeFile(join(folder, name), text);
    const { code, stdout, stderr } = await runCli(['inspect', join(folder, name ?? 'missing.ndjson')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('pepeunit inspect URL', () => {
  test('shows what another inspector shows', async () => {
    await using other = await startInspector({ pageFolder: folder, version: '0' });
    other.sources.add('a', 0, saved.slice(1, 3));
    const { url } = await start(['inspect', other.url]);
    await using page = await openPage(url);
    await page.until(() => page.lines.length === 2);
    other.sources.add('a', 0, ['["l",2,"Info","late"]']);
    await page.until(() => page.lines.length === 3);
    expect(page.lines).toEqual([...saved.slice(1, 3), '["l",2,"Info","late"]']);
  });

  test('says that it is a recording where that is what the other one shows', async () => {
    const file = join(folder, 'ночь 🌙.ndjson');
    await writeFile(file, `${saved.join('\n')}\n`);
    const other = await start(['inspect', file]);
    const { url } = await start(['inspect', other.url]);
    await using page = await openPage(url);
    expect(page.hello).toMatchObject({ recording: 'ночь 🌙.ndjson' });
  });

  test('where nobody answers it says so', async () => {
    const { code, stderr } = await runCli(['inspect', 'http://127.0.0.1:9/AAAAAAAAAAAAAAAAAAAAAA/']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/No inspector answers at http:\/\/127\.0\.0\.1:9\//);
  });
});

test('a port that is taken is said to be', async () => {
  await using other = await startInspector({ pageFolder: folder, version: '0' });
  const { port } = new URL(other.url);
  const { code, stderr } = await runCli(['inspect', '--port', port]);
  expect(code).toBe(1);
  expect(stderr).toContain(`Port ${port} of 127.0.0.1 is taken. Name another one`);
});

describe('an address', () => {
  test.each(['http://', 'http://[bad', 'https:'])('that is none, such as %s, is a usage error', async (url) => {
    const { code, stderr } = await runCli(['inspect', url]);
    expect(code).toBe(2);
    expect(stderr).toContain(`"${url}" is no address. Give the one that the other inspector has printed.`);
  });
});

const clientPath = join(import.meta.dirname, '../../../dist/app/node.js');

/** Writes the program of a unit, which does more before its main cycle runs. @returns Its path. */
const writeProgram = async (unit: string, more: string): Promise<string> => {
  const main = join(unit, 'main.js');
  await writeFile(
    main,
    `import { PepeunitClient } from ${JSON.stringify(clientPath)};
    const client = new PepeunitClient({ envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' });
    ${more}
    await client.runMainCycle();`,
  );
  return main;
};

describe('a unit', () => {
  test('that is run with --inspect shows itself, and leaves no listener without it', async () => {
    const live = await createLiveUnit();
    try {
      const main = await writeProgram(
        live.folder,
        `process.once('SIGTERM', () => void client.stopMainCycle());
        console.log(process.execArgv.length, process.env.PEPEUNIT_INSPECTOR ?? 'none');`,
      );
      const { url, child, ended, stdout } = await start(['run', '--inspect', main], { cwd: live.folder });
      await using page = await openPage(url);
      await page.until(() => page.lines.some((line) => line.startsWith('["mark"') && line.includes('"online"')));
      expect(page.lines[0]).toMatch(new RegExp(`^\\["run",\\{"v":1,"unit":"${live.row.uuid}"`));
      expect(stdout()).toContain(`2 ${url}`);
      child.kill('SIGTERM');
      expect((await ended).code).toBe(0);
      const without = startCli(['run', main], { cwd: live.folder });
      runs.push(without);
      await until(() => without.stdout().includes('Subscribed'));
      expect(without.stdout()).toContain('0 none');
    } finally {
      await live.stop();
    }
  });

  test('that crashes has a mark of it, which it could not set itself', async () => {
    const live = await createLiveUnit();
    try {
      const main = await writeProgram(live.folder, `client.on('online', () => process.exit(3));`);
      const { url } = await start(['run', '--inspect', main], { cwd: live.folder });
      await using page = await openPage(url);
      await page.until(() => page.lines.filter((line) => line.startsWith('["run"')).length > 1);
      expect(page.lines.map((line) => JSON.parse(line) as unknown)).toContainEqual([
        'mark',
        expect.any(Number),
        'crash',
        'the unit ended with code 3',
      ]);
    } finally {
      await live.stop();
    }
  });

  test('that waits for an inspector is told how to be shown', async () => {
    const { url, stdout } = await start(['inspect']);
    await until(() => stdout().includes('Ctrl-C'));
    expect(stdout()).toContain(`PEPEUNIT_INSPECTOR=${url} node --import pepeunit-client/inspect main.js`);
    expect(stdout()).toContain(`createWebSocketInspector({ url: '${url.replace('http:', 'ws:')}stately' })`);
  });

  test('that is no script is run all the same', async () => {
    await writeFile(join(folder, 'env.json'), '{}');
    const main = join(folder, 'unit');
    await writeFile(main, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const { code, stderr } = await runCli(['run', '--inspect', main]);
    expect(code).toBe(0);
    expect(stderr).toContain(`${main} is no script of Node, and can't be inspected.`);
  });

  test.each([
    ['--inspect', '70000', 'main.js'],
    ['--inspect=x', 'main.js'],
    ['--inspect', 'abc', 'main.js'],
    ['main.js', '--inspect', 'abc'],
    ['--inspect', 'abc'],
  ])('a port that is none is refused: %s %s', async (...args) => {
    const { code, stderr } = await runCli(['run', ...args], { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--inspect takes a port') });
  });
});

test('--control of run without --inspect is a usage error', async () => {
  expect(await runCli(['run', '--control', 'main.js'], { cwd: folder })).toEqual({
    code: 2,
    stdout: '',
    stderr: 'pepeunit run: --control goes with --inspect. pepeunit run --help says more.\n',
  });
});

test('the port of --inspect may be left out before an operand', async () => {
  await using other = await startInspector({ pageFolder: folder, version: '0' });
  const taken = new URL(other.url).port;
  const { code, stderr } = await runCli(['run', '--inspect', taken, 'main.js'], { cwd: folder });
  expect(code).not.toBe(0);
  expect(stderr).toContain('is taken');
});
