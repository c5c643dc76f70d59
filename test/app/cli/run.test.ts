import { once } from 'node:events';
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SupervisorEvent } from '../../../adapters/node/process/supervisor.ts';
import { restartDelay } from '../../../adapters/node/process/supervisor.ts';
import { isRunning } from '../../../adapters/node/fs/process-identity.ts';
import { until } from '../../support/until.ts';
import { runCli, startCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';

const lives = (pid: number): boolean => isRunning({ pid, since: null });

/** A folder with a program in it. */
const unitOf = async (program: string, name = 'main.js') => {
  const path = await temporaryFolder();
  const main = join(path, name);
  await writeFile(join(path, 'package.json'), '{"type":"module"}');
  await writeFile(join(path, 'env.json'), '{}');
  await writeFile(main, program, { mode: 0o755 });
  return { path, main };
};

const start = (args: readonly string[]) => {
  const run = startCli(['run', '--json', ...args]);
  onTestFinished(async () => {
    run.child.kill('SIGKILL');
    for (const pid of starts()) if (lives(pid)) process.kill(pid, 'SIGKILL');
    await run.ended;
  });
  const told = () =>
    run
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as SupervisorEvent);
  const starts = () => told().flatMap((event) => (event.type === 'started' ? [event.pid] : []));
  return { ...run, told, starts };
};

const waiting = "process.stdout.write('here\\n'); setInterval(() => {}, 1000);";
const here = (run: ReturnType<typeof start>, times = 1) =>
  until(() => run.stdout().split('here').length > times, { what: 'the unit' });

describe('pepeunit run', () => {
  test('ends as the unit ends by itself, with its output, arguments and working directory', async () => {
    const { main } = await unitOf('console.log(process.argv.slice(2).join(), process.cwd()); process.exitCode = 0;');
    expect(
      await runCli(['run', main, '--heartbeat', '0', '--', 'a', '--b', '--help', '-v', '--inspect', '--']),
    ).toEqual({
      code: 0,
      stdout: `a,--b,--help,-v,--inspect,-- ${process.cwd()}\n`,
      stderr: expect.stringMatching(
        /^pepeunit run: started the unit, process \d+\npepeunit run: the unit ended with code 0\n$/,
      ),
    });
  });

  test('starts a unit again that crashes, waiting longer each time', async () => {
    const { main } = await unitOf('process.exit(3);');
    const run = start([main]);
    await until(() => run.starts().length >= 3);
    const waits = run.told().flatMap((event) => (event.type === 'waiting' ? [event.ms] : []));
    expect(waits.slice(0, 2)).toEqual([250, 500]);
    run.child.kill('SIGTERM');
    await run.ended;
  });

  test('starts a unit again at once when it asks for that by the code for it', async () => {
    const { main } = await unitOf(
      "import { existsSync, writeFileSync } from 'node:fs'; const flag = new URL('flag', import.meta.url); const seen = existsSync(flag); writeFileSync(flag, ''); process.exit(seen ? 0 : 213);",
    );
    const run = start([main]);
    expect((await run.ended).code).toBe(0);
    expect(run.told().map(({ type }) => type)).toEqual(['started', 'ended', 'started', 'ended']);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'passes %s on, and ends with the code of the unit',
    async (signal) => {
      const { main } = await unitOf(`process.on('${signal}', () => process.exit(7)); ${waiting}`);
      const run = start([main]);
      await here(run);
      run.child.kill(signal);
      expect((await run.ended).code).toBe(7);
    },
  );

  test('passes a signal on that does not mean the end, and goes on', async () => {
    const { main } = await unitOf(`process.on('SIGUSR2', () => process.exit(9)); ${waiting}`);
    const run = start([main]);
    await here(run);
    run.child.kill('SIGUSR2');
    await here(run, 2);
    expect(run.starts()).toHaveLength(2);
  });

  test('ends like a unit that has no handler for the signal', async () => {
    const { main } = await unitOf(waiting);
    const run = start([main]);
    await here(run);
    run.child.kill('SIGTERM');
    await run.ended;
    expect(run.child.signalCode).toBe('SIGTERM');
  });

  test('kills a unit that does not stop in time', async () => {
    const { main } = await unitOf(`process.on('SIGTERM', () => {}); ${waiting}`);
    const run = start([main, '--grace', '0.3']);
    await here(run);
    run.child.kill('SIGTERM');
    await run.ended;
    expect(run.told().at(-1)).toEqual({ type: 'ended', code: null, signal: 'SIGKILL' });
  });

  test('runs a program that is no script as it is', async () => {
    const { main } = await unitOf('#!/bin/sh\necho "I am $1"\n', 'unit');
    expect(await runCli(['run', main, '--', 'compiled'])).toMatchObject({ code: 0, stdout: 'I am compiled\n' });
  });

  test('a program that is not there is an error in one line', async () => {
    const { path } = await unitOf('');
    const { code, stderr } = await runCli(['run', join(path, 'nothing.js')]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^pepeunit run: ProcessError \(spawn\): .*nothing\.js can't be started \(ENOENT\)\. .*\n$/,
      ),
    });
  });

  test.each([
    ['--grace', '0'],
    ['--grace', '9999999'],
    ['--healthy-within', 'soon'],
    ['--healthy-within', '9999999'],
    ['--trial-starts', '1.5'],
  ])('%s %s is a usage error', async (option, value) => {
    const { main } = await unitOf('');
    expect(await runCli(['run', main, option, value])).toMatchObject({ code: 2, stdout: '' });
  });

  test.each([
    ['no whole number of milliseconds', 60_000, ['--healthy-within', '1.001']],
    ['the longest that timers know', 2 ** 31 - 1, []],
  ])('counts the starts of a version on trial whose time limit is %s (U11)', async (_, healthyWithinMs, options) => {
    const { path, main } = await unitOf('setTimeout(() => process.exit(3), 300);');
    const flight = { id: 'a', from: 'v1', to: 'v2', scope: 'everything', starts: 0, maxStarts: 9 };
    await mkdir(join(path, '.pepeunit'));
    await writeFile(
      join(path, '.pepeunit/update.json'),
      JSON.stringify({ format: 1, phase: 'trial', flight: { ...flight, healthyWithinMs } }),
    );
    const run = start([main, ...options]);
    await until(() => run.starts().length >= 2);
    const trials = run.told().flatMap((event) => (event.type === 'started' ? [event.trial?.starts] : []));
    expect(trials.slice(0, 2)).toEqual([1, 2]);
    expect(run.told().map(({ type }) => type)).not.toContain('overdue');
    expect(run.told().map(({ type }) => type)).not.toContain('failed');
  });

  test('carries the updates on of the current folder, when env.json is there and not beside the program', async () => {
    const { path } = await unitOf('', 'unused.js');
    await mkdir(join(path, 'dist'));
    await writeFile(join(path, 'env.json'), '{}');
    await writeFile(join(path, 'dist/main.js'), 'console.log(process.env.PEPEUNIT_SUPERVISED_FOLDER);');
    const { code, stdout } = await runCli(['run', 'dist/main.js'], { cwd: path });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${await realpath(path)}\n` });
    expect((await readdir(path)).toSorted()).toEqual(['.pepeunit', 'dist', 'env.json', 'package.json', 'unused.js']);
    expect(await readdir(join(path, 'dist'))).toEqual(['main.js']);
  });

  test.each([['nothing/main.js'], ['main.js', '--folder', 'nothing']])(
    'makes no folder for a unit that has none: %j',
    async (...args) => {
      const { path } = await unitOf('');
      expect(await runCli(['run', ...args], { cwd: path })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('There is no folder'),
      });
      expect((await readdir(path)).toSorted()).toEqual(['env.json', 'main.js', 'package.json']);
    },
  );

  test('starts the unit also when its update journal and its env.json are broken', async () => {
    const { main, path } = await unitOf("console.log('runs');");
    await mkdir(join(path, '.pepeunit'));
    await writeFile(join(path, '.pepeunit/update.json'), '{"format":');
    await writeFile(join(path, 'env.json'), '{"PU_');
    expect(await runCli(['run', main])).toMatchObject({ code: 0, stdout: 'runs\n' });
  });

  test('a second supervisor of the same folder is refused, and the first not disturbed', async () => {
    const { main } = await unitOf(waiting);
    const run = start([main]);
    await here(run);
    const second = await runCli(['run', main]);
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Another supervisor runs this unit (process ${run.child.pid})`),
    });
    expect(run.child.exitCode).toBeNull();
  });

  test('what a killed supervisor has left is cleared away: its lock, and a unit that hangs', async () => {
    const { main, path } = await unitOf("process.on('SIGTERM', () => {}); process.stdout.write('here\\n'); for (;;);");
    const first = start([main]);
    await here(first);
    const [orphan = 0] = first.starts();
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    expect(lives(orphan)).toBe(true);
    const second = start([main, '--grace', '0.3']);
    await here(second);
    expect(lives(orphan)).toBe(false);
    const lock = JSON.parse(await readFile(join(path, '.pepeunit/supervisor.json'), 'utf8')) as object;
    expect(lock).toMatchObject({ holder: { pid: second.child.pid }, child: { pid: second.starts()[0] } });
  });

  test('a torn lock is none', async () => {
    const { main, path } = await unitOf("console.log('runs');");
    await mkdir(join(path, '.pepeunit'));
    await writeFile(join(path, '.pepeunit/supervisor.json'), '{"super');
    expect(await runCli(['run', main])).toMatchObject({ code: 0, stdout: 'runs\n' });
  });
});

test('the wait grows, is bounded, and spares a unit that asks for a restart', () => {
  expect([1, 2, 3, 20].map((runs) => restartDelay(runs, false))).toEqual([250, 500, 1000, 60_000]);
  expect([1, 2, 3].map((runs) => restartDelay(runs, true))).toEqual([0, 250, 500]);
});
