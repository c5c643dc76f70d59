import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { nodeProcessControl } from '../../../../adapters/node/process/restart.ts';
import { processControlContract } from '../../../contracts/process-control.ts';
import { compileProgram, startCompiled, type Compiled } from '../../../support/compiled.ts';
import { freePort } from '../../../support/ports.ts';
import { until } from '../../../support/until.ts';
import { temporaryFolder } from '../../../support/folder.ts';

let program: Compiled;
beforeAll(async () => {
  program = await compileProgram(new URL('../../../support/programs/restarting.ts', import.meta.url));
});
afterAll(() => program.remove());

type Note = Readonly<Record<string, unknown>>;

/** Runs the program with these steps, one for each start. */
const start = async (steps: string, port = 0, env: NodeJS.ProcessEnv = {}) => {
  const journal = join(await temporaryFolder(), 'journal');
  const running = startCompiled(program, [journal, steps, String(port)], env);
  const notes = (): Note[] => {
    try {
      return readFileSync(journal, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Note);
    } catch {
      return [];
    }
  };
  const starts = () => notes().filter((note) => 'start' in note);
  return { ...running, notes, starts };
};

const isAlive = (pid: unknown): boolean => {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
};

processControlContract(
  'Node',
  { restart_exec: 'startedAnew', restart_popen: 'startedAnew', exit: 'left' },
  async (mode) => {
    const { end, notes, starts } = await start(`${mode},end:0`);
    const code = await end;
    const hasReturned = notes().some((note) => 'returned' in note);
    if (mode !== 'exit') await until(() => starts().length === 2, { what: 'the program runs anew' });
    const left = code === 0 ? 'left' : 'refused';
    return { outcome: starts().length === 2 ? 'startedAnew' : left, hasReturned };
  },
);

test('restart_exec: the process that was started stays, and ends as the last one does', async () => {
  const { child, end, starts } = await start('restart_exec,end:7');
  expect(await end).toBe(7);
  const [first, second] = starts();
  expect(first?.['pid']).toBe(child.pid);
  expect(second?.['ppid']).toBe(child.pid);
  expect(second?.['cwd']).toBe(first?.['cwd']);
});

test.each(['restart_exec', 'restart_popen'])(
  '%s: a program that changed its working directory starts anew where it was started (U2)',
  async (mode) => {
    const { starts } = await start(`elsewhere:${mode},end:0`);
    await until(() => starts().length === 2, { what: 'the program runs anew' });
    const [first, second] = starts();
    expect(second?.['cwd']).toBe(first?.['cwd']);
  },
);

test('many restarts make no chain: each new process is the proxy’s own child, the one before is gone', async () => {
  const { child, end, starts, printed } = await start(`${'restart_exec,'.repeat(5)}end:0`);
  expect(await end).toBe(0);
  expect(starts()).toHaveLength(6);
  for (const { ppid } of starts().slice(1)) expect(ppid).toBe(child.pid);
  expect(new Set(starts().map(({ pid }) => pid)).size).toBe(6);
  for (const { pid } of starts()) expect(isAlive(pid)).toBe(false);
  expect(printed()).toBe('start 1\nstart 2\nstart 3\nstart 4\nstart 5\nstart 6\n');
});

/** The process that waits, once it does. */
const waitingIn = async (notes: () => Note[]): Promise<number> => {
  const { waiting } = await until(() => notes().find((note) => 'waiting' in note), { what: 'the new process waits' });
  return Number(waiting);
};

test('three restarts in a row leave two processes, the first and the last; a signal to the first ends both', async () => {
  const { child, end, notes, starts } = await start('restart_exec,restart_exec,restart_exec,wait');
  const waiting = await waitingIn(notes);
  const pids = starts().map(({ pid }) => pid);
  expect(pids).toHaveLength(4);
  expect(pids.filter(isAlive)).toEqual([child.pid, waiting]);
  expect(notes().filter((note) => 'replaced' in note)).toEqual([{ replaced: child.pid }]);
  child.kill('SIGTERM');
  expect(await end).toBe(5);
  expect(isAlive(waiting)).toBe(false);
});

test('signals reach the new process through the proxy, and its code comes back', async () => {
  const { child, end, notes } = await start('restart_exec,wait');
  const waiting = await waitingIn(notes);
  expect(waiting).not.toBe(child.pid);
  child.kill('SIGTERM');
  expect(await end).toBe(5);
  expect(notes().at(-1)).toEqual({ signal: 'SIGTERM', pid: waiting });
});

test.each(['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const)(
  '%s reaches the new process, and both end of it where it has no handler',
  async (signal) => {
    const { child, end, notes } = await start('restart_exec,wait');
    const waiting = await waitingIn(notes);
    child.kill(signal);
    expect(await end).toBe(signal);
    expect(isAlive(waiting)).toBe(false);
  },
);

test('a new process that dies of a signal takes the proxy along with the same one', async () => {
  const { end, notes } = await start('restart_exec,wait');
  process.kill(await waitingIn(notes), 'SIGKILL');
  expect(await end).toBe('SIGKILL');
});

test('a new process that is asked to stop is not started again, whatever it asks for', async () => {
  const { child, end, notes, starts } = await start('restart_exec,restartWhenStopped,end:0');
  await waitingIn(notes);
  child.kill('SIGTERM');
  expect(await end).toBe('SIGTERM');
  expect(starts()).toHaveLength(2);
});

test('a new process whose proxy is killed notices, and can end by itself', async () => {
  const { child, end, notes } = await start('restart_exec,waitForEnd');
  const waiting = await waitingIn(notes);
  child.kill('SIGKILL');
  expect(await end).toBe('SIGKILL');
  await until(() => !isAlive(waiting), { what: 'the new process ends' });
  expect(notes().at(-1)).toEqual({ orphaned: waiting });
});

test('a program that nobody stands before is never orphaned', async () => {
  const { child, end, notes } = await start('waitForEnd');
  await waitingIn(notes);
  child.kill('SIGTERM');
  expect(await end).toBe('SIGTERM');
  expect(notes().filter((note) => 'orphaned' in note)).toEqual([]);
});

test('the proxy does nothing else: ports that the program closed are free, its handlers and errors without effect', async () => {
  const { child, end, notes } = await start('busyRestart,listenAndWait', await freePort());
  await waitingIn(notes);
  await until(() => notes().some((note) => 'thrown' in note), { what: 'the old program throws' });
  child.kill('SIGTERM');
  expect(await end).toBe(0);
  const all = notes();
  expect(all.filter((note) => 'refused' in note || 'exitHandler' in note || 'oldHandler' in note)).toEqual([]);
  expect(all.filter((note) => 'listening' in note)).toHaveLength(2);
});

test('a program started by a proxied one is not taken for the proxy’s own: it becomes a proxy itself', async () => {
  const { child, end, starts } = await start('restart_exec,grandchild,restart_exec,end:6');
  expect(await end).toBe(6);
  const [, proxied, grandchild, last] = starts();
  expect(proxied?.['ppid']).toBe(child.pid);
  expect(grandchild?.['ppid']).toBe(proxied?.['pid']);
  expect(last?.['ppid']).toBe(grandchild?.['pid']);
});

test('restart_popen: the new process outlives the old one, which left with code 0', async () => {
  const { child, end, notes, starts } = await start('restart_popen,wait');
  const { waiting } = await until(() => notes().find((note) => 'waiting' in note), { what: 'the new process waits' });
  try {
    await until(() => child.exitCode === 0, { what: 'the old process left' });
    expect(isAlive(waiting)).toBe(true);
    expect(starts()).toHaveLength(2);
  } finally {
    process.kill(Number(waiting), 'SIGTERM');
  }
  await end;
  expect(notes().at(-1)).toEqual({ signal: 'SIGTERM', pid: waiting });
});

test('a proxied program that leaves takes its proxy along, with code 0', async () => {
  const { end, starts } = await start('restart_exec,exit');
  expect(await end).toBe(0);
  expect(starts()).toHaveLength(2);
});

test('a program that can’t be started is an error, and this one runs on', async () => {
  const { end, notes } = await start('unstartable');
  expect(await end).toBe(4);
  expect(notes().filter((note) => 'failed' in note)).toEqual([
    { failed: 'ProcessError', code: 'spawn' },
    { failed: 'ProcessError', code: 'spawn' },
  ]);
  expect(notes().at(-1)).toEqual({ alive: true });
});

test.skipIf(!('execve' in process))('Node’s own execve keeps the process, which runs the program anew', async () => {
  const { child, end, starts } = await start('hostExecve,hostExecve,end:8');
  expect(await end).toBe(8);
  expect(starts().map(({ pid }) => pid)).toEqual([child.pid, child.pid, child.pid]);
});

test('where Node can replace the process, it does, with the same program, options, arguments and environment', async () => {
  const calls: unknown[][] = [];
  const { restart } = nodeProcessControl({ folder: '.', execve: (...call) => void calls.push(call) });
  await restart('restart_exec');
  expect(calls).toEqual([
    [process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], process.env],
  ]);
});

test('a process that can’t be replaced is an error with its cause', async () => {
  const refusal = new Error('not on this platform');
  const refuse = () => {
    throw refusal;
  };
  await expect(nodeProcessControl({ folder: '.', execve: refuse }).restart('restart_exec')).rejects.toMatchObject({
    name: 'ProcessError',
    code: 'spawn',
    cause: refusal,
  });
});

test.each(['restart_exec', 'restart_popen', 'exit'])(
  'supervised, %s leaves with the code that asks for another start, and starts nothing itself',
  async (mode) => {
    const { end, starts } = await start(`${mode},end:0`, 0, { PEPEUNIT_SUPERVISOR: String(process.pid) });
    expect(await end).toBe(213);
    expect(starts()).toHaveLength(1);
  },
);

test('a supervisor that is not the parent is none', async () => {
  const { end, starts } = await start('restart_exec,end:7', 0, { PEPEUNIT_SUPERVISOR: '1' });
  expect(await end).toBe(7);
  expect(starts()).toHaveLength(2);
});

test.each([
  ['the unit’s folder, whatever leads to it', 'linked', true],
  ['another folder', 'other', false],
])('a supervisor that carries on the updates of %s', async (_, supervised, isOne) => {
  const root = await temporaryFolder();
  onTestFinished(() => void vi.unstubAllEnvs());
  const folder = join(root, 'unit');
  mkdirSync(folder);
  mkdirSync(join(root, 'other'));
  symlinkSync(folder, join(root, 'linked'));
  vi.stubEnv('PEPEUNIT_SUPERVISOR', String(process.ppid));
  vi.stubEnv('PEPEUNIT_SUPERVISED_FOLDER', join(root, supervised));
  expect(nodeProcessControl({ folder, execve: null }).isSupervised).toBe(isOne);
});
