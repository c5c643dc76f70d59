import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { SupervisorEvent } from '../../../adapters/node/process/supervisor.ts';
import { startCli } from '../../support/cli.ts';
import { compileProgram, type Compiled } from '../../support/compiled.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { createSupervisedUnit, createYard, type Yard } from '../../support/supervised-unit.ts';
import { until } from '../../support/until.ts';

let program: Compiled;
let yard: Yard;
beforeAll(async () => {
  program = await compileProgram(new URL('../../support/programs/beating.ts', import.meta.url));
  yard = await createYard();
});
afterAll(async () => {
  await program.remove();
  await yard.stop();
});

const linesOf = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as T);

interface Said {
  readonly start: number;
  readonly said: string;
  readonly hangs?: object;
}

/** Runs the program under a supervisor; each text has the steps of one start. */
const start = async (
  steps: readonly string[],
  { options = ['--heartbeat', '0.4'], env = {} }: { options?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'env.json'), '{}');
  const args = ['run', '--json', '--folder', folder, '--grace', '0.3', ...options, program.path, '--'];
  const run = startCli([...args, join(folder, 'start'), ...steps], { env });
  const told = () => linesOf<SupervisorEvent>(run.stderr());
  const pids = () => told().flatMap((event) => (event.type === 'started' ? [event.pid] : []));
  onTestFinished(async () => {
    for (const pid of [...pids(), run.child.pid ?? 0]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
    await run.ended;
  });
  const said = () => linesOf<Said>(run.stdout());
  const types = () => told().map(({ type }) => type);
  /** Ends `block:go`. */
  const letGo = () => writeFile(join(folder, 'start-go'), '');
  return { ...run, told, types, pids, said, letGo };
};

const restarted = ['started', 'hung', 'ended', 'waiting', 'started', 'ended'];
const unjudged = ['started', 'ended'];

describe('a unit whose event loop hangs', () => {
  test('is killed and started again, and told of it (U25)', async () => {
    const run = await start(['beat,calm:100,block:600000']);
    expect((await run.ended).code).toBe(0);
    expect(run.types()).toEqual(restarted);
    expect(run.told()[1]).toEqual({ type: 'hung', pid: run.pids()[0], hangs: 1 });
    expect(run.told()[2]).toEqual({ type: 'ended', code: null, signal: 'SIGKILL' });
    expect(run.said().filter(({ said }) => said === 'started')).toMatchObject([
      { hangs: { count: 0, isCause: false } },
      { hangs: { count: 1, isCause: true } },
    ]);
  });

  test('is started again also when it comes to itself and ends in order (U25)', async () => {
    const run = await start(['beat,calm:100,block:go,calm:60000'], {
      options: ['--heartbeat', '0.4', '--grace', '60'],
    });
    await until(() => run.types().includes('hung'));
    await run.letGo();
    expect((await run.ended).code).toBe(0);
    expect(run.types()).toEqual(restarted);
    expect(run.told()[2]).toEqual({ type: 'ended', code: 0, signal: null });
  });

  test('is noticed also after it was restarted on request, and counted (U25)', async () => {
    const run = await start(['beat,restart', 'beat,block:600000', 'beat,calm:100,block:600000']);
    await run.ended;
    expect(run.types().filter((type) => type === 'hung')).toHaveLength(2);
    expect(
      run
        .said()
        .filter(({ said }) => said === 'started')
        .map(({ hangs }) => hangs),
    ).toEqual([
      { count: 0, isCause: false },
      { count: 0, isCause: false },
      { count: 1, isCause: true },
      { count: 2, isCause: true },
    ]);
  });
});

describe('is never ended (U25):', () => {
  test.each([
    ['a unit that has never beaten', 'block:2500,end', {}],
    ['a unit that has stopped', 'beat,calm:100,rest,calm:50,block:2500,end', {}],
    ['a unit without a watch', 'beat,calm:100,block:2500,end', { options: ['--heartbeat', '0'] }],
    ['a unit under a debugger', 'beat,calm:100,block:2500,end', { env: { NODE_OPTIONS: '--inspect=0' } }],
    ['a unit that beats', 'beat,calm:2500,end', {}],
    ['a unit that is busy for a while', 'beat,calm:100,block:300,calm:100,block:300,calm:900,end', {}],
  ])('%s', async (_, steps, options) => {
    const run = await start([steps], options);
    expect((await run.ended).code).toBe(0);
    expect(run.types()).toEqual(unjudged);
  });

  test.skipIf(!('execve' in process))('a program that becomes another', async () => {
    const run = await start(['beat,calm:100,exec', 'block:2500,end']);
    expect((await run.ended).code).toBe(0);
    expect(run.types()).toEqual(unjudged);
    expect(run.said().filter(({ said }) => said === 'started')).toHaveLength(2);
  });

  test('a unit that was halted together with its supervisor (M13)', async () => {
    const run = await start(['beat,calm:60000']);
    await until(() => run.said().some(({ said }) => said === 'beat'));
    const [pid = 0] = run.pids();
    const supervisor = run.child.pid ?? 0;
    for (const one of [supervisor, pid]) process.kill(one, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    for (const one of [supervisor, pid]) process.kill(one, 'SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    run.child.kill('SIGTERM');
    await run.ended;
    expect(run.types()).toEqual(unjudged);
  });
});

test('worker threads, which come and go, never write into what the process has opened (U25)', async () => {
  const workers = await compileProgram(new URL('../../support/programs/beating-workers.ts', import.meta.url));
  onTestFinished(() => workers.remove());
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'env.json'), '{}');
  const run = startCli(['run', '--heartbeat', '1', '--folder', folder, workers.path]);
  const { code, stdout } = await run.ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: '{"received":"end"}\n' });
});

test.each([['-1'], ['soon'], [''], ['9999999']])('--heartbeat %j is a usage error', async (value) => {
  const run = await start(['end'], { options: [`--heartbeat=${value}`] });
  expect((await run.ended).code).toBe(2);
});

test('a confirmed unit that hangs comes back online, with an entry in its log and a figure (U25)', async () => {
  const unit = await createSupervisedUnit(yard, 'hanging', {
    label: 'v1',
    before: `
import { existsSync, writeFileSync } from 'node:fs';
client.on('online', () => {
  say({ said: 'metrics', hangs: client.metrics().hangs });
  if (existsSync(at('hung'))) return;
  writeFileSync(at('hung'), '');
  setTimeout(() => { for (;;); }, 100);
});`,
  });
  unit.run('--heartbeat', '1', '--grace', '0.3');
  await unit.waitFor('the second link', () => unit.said().filter(({ said }) => said === 'metrics').length === 2);
  expect(unit.told().filter(({ type }) => type === 'hung')).toHaveLength(1);
  expect(unit.said().filter(({ said }) => said === 'metrics')).toMatchObject([{ hangs: 0 }, { hangs: 1 }]);
  await unit.waitFor('the entry', () => unit.log().some((line) => line.startsWith('Error: The event loop hung')));
  await unit.stop();
});
