import { readdir, readFile, readlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Summary } from '../../../app/demo/summary.ts';
import { until } from '../../support/until.ts';
import { startCli, type CliRun } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';

const hasProc = existsSync('/proc/self/cwd');

interface Running {
  readonly pid: number;
  readonly cwd: string;
}

/** The processes that live in a folder, a removed one too. */
const processesIn = async (folder: string): Promise<Running[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => ({ pid: Number(pid), cwd: await readlink(`/proc/${pid}/cwd`).catch(() => '') })),
  );
  return all.filter(({ cwd }) => cwd.startsWith(folder));
};

/** The process that supervises a unit, distinguished from the unit by its command line. */
const supervisorOf = async (folder: string, unit: string): Promise<number | undefined> => {
  for (const { pid, cwd } of await processesIn(folder)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (cwd.endsWith(`/units/${unit}`) && command.split('\0').includes('run')) return pid;
  }
  return undefined;
};

/** Runs a demo whose temporary files lie in a folder of its own, and checks that nothing of it stays. */
const withDemo = async (args: readonly string[], use: (run: CliRun, folder: string) => Promise<void>) => {
  const folder = await temporaryFolder();
  const run = startCli(['demo', ...args], { env: { TMPDIR: folder, NO_COLOR: '1' } });
  try {
    await use(run, folder);
  } finally {
    run.child.kill('SIGTERM');
    await run.ended;
  }
  expect(await readdir(folder)).toEqual([]);
  if (hasProc) await until(async () => (await processesIn(folder)).length === 0, { what: 'the end of the units' });
};

const summaryOf = (stdout: string): Summary => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Summary;

/** The lines that tell of a failure; the legend is none. */
const failuresIn = (story: string): string[] => story.split('\n').filter((line) => /^ +[\d.]+s .*✘/.test(line));

const allOk = { update: 'ok', env_update: 'ok', schema_update: 'ok', log_sync: 'ok' };

describe('pepeunit demo', () => {
  test('--for 60 --json plays the whole script and ends by itself', () =>
    withDemo(['--for', '60', '--json'], async (run) => {
      const { code, stdout, stderr } = await run.ended;
      expect({ code, failures: failuresIn(stderr) }).toEqual({ code: 0, failures: [] });
      const summary = summaryOf(stdout);
      expect(stdout).toBe(`${JSON.stringify(summary)}\n`);
      expect(Object.keys(summary)).toEqual([
        'online',
        'published',
        'received',
        'stateReports',
        'logEntries',
        'rollbacks',
        'commands',
      ]);
      expect(summary).toMatchObject({ online: true, rollbacks: 1, commands: allOk });
      expect(Object.keys(summary.commands)).toEqual(Object.keys(allOk));
      expect(summary.published).toBeGreaterThan(20);
      expect(summary.received).toBeGreaterThan(8);
      expect(summary.stateReports).toBeGreaterThanOrEqual(3);
      expect(summary.logEntries).toBeGreaterThan(10);
      expect(stderr).toMatch(/display +~ shows \d+\.\d\d °C/);
      expect(stderr).toMatch(/✔ the fan turns at 100 %/);
      expect(stderr).toMatch(/fan +⟳ restores version [0-9a-f]{7}: it ended with code 1, in the last of 2 starts/);
      expect(stderr).toMatch(/fan +⇄ connected, MQTT 5$/m);
      expect(stderr).not.toContain('NaN');
      expect(stderr).not.toContain('\u001b');
    }));

  test('--protocol 4 plays the whole script over MQTT 3.1.1, which the units find out (M8)', () =>
    withDemo(['--protocol', '4', '--json'], async (run) => {
      await until(() => run.stderr().includes('The script is done.'), { what: 'the end of the script' });
      run.child.kill('SIGINT');
      const { code, stdout, stderr } = await run.ended;
      expect({ code, failures: failuresIn(stderr) }).toEqual({ code: 0, failures: [] });
      expect(summaryOf(stdout)).toMatchObject({ online: true, rollbacks: 1, commands: allOk });
      expect(stderr).toContain('instance ⇄ refused MQTT 5, as it speaks 3.1.1');
      expect(stderr).toMatch(/fan +⇄ connected, MQTT 3\.1\.1$/m);
      expect(stderr).not.toMatch(/connected, MQTT 5$/m);
    }));

  test('--protocol of another version is a mistake', () =>
    withDemo(['--protocol', '3'], async (run) => {
      const { code, stderr } = await run.ended;
      expect(code).toBe(2);
      expect(stderr).toContain('--protocol takes 4, 5, not "3".');
    }));

  test('without --for it runs on after the script, until Ctrl-C', () =>
    withDemo([], async (run) => {
      await until(() => run.stdout().includes('The units keep running until Ctrl-C.'), {
        what: 'the end of the script',
      });
      run.child.kill('SIGINT');
      const { code, stdout, stderr } = await run.ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('Commands  update ok, env_update ok, schema_update ok, log_sync ok');
    }));

  test('Ctrl-C in the middle ends it with 0 and leaves nothing behind', () =>
    withDemo(['--json'], async (run, folder) => {
      await until(() => run.stderr().includes('⇄ connected'), { what: 'a connection' });
      if (hasProc)
        await until(async () => (await processesIn(folder)).length === 4, { what: 'two units and their supervisors' });
      run.child.kill('SIGINT');
      run.child.kill('SIGINT');
      const { code, stdout, stderr } = await run.ended;
      expect({ code, failures: failuresIn(stderr) }).toEqual({ code: 0, failures: [] });
      expect(Object.values(summaryOf(stdout).commands)).toContain('missing');
    }));

  test('when the time is too short it says so, with 1', () =>
    withDemo(['--for', '0.1', '--json'], async (run) => {
      const { code, stdout, stderr } = await run.ended;
      expect(code).toBe(1);
      expect(summaryOf(stdout).commands).toEqual({
        update: 'missing',
        env_update: 'missing',
        schema_update: 'missing',
        log_sync: 'missing',
      });
      expect(stderr).toContain('The time was up.');
    }));

  test.skipIf(!hasProc)(
    `a supervisor that dies ends it with 1, and takes its unit along${hasProc ? '' : ' (skipped: this system has no /proc)'}`,
    () =>
      withDemo([], async (run, folder) => {
        await until(() => run.stdout().includes('⇄ connected'), { what: 'a connection' });
        await until(async () => (await supervisorOf(folder, 'display')) !== undefined, { what: 'a supervisor' });
        process.kill((await supervisorOf(folder, 'display')) ?? Number.NaN, 'SIGKILL');
        const { code, stdout } = await run.ended;
        expect(code).toBe(1);
        expect(stdout).toContain('✘ The display has stopped: it ended by SIGKILL');
      }),
  );
});
