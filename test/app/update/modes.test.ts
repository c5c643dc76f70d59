import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRunning } from '../../../adapters/node/fs/process-identity.ts';
import { createYard, createSupervisedUnit, loadsUntilOrphaned, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

const timeout = 90_000;

const lives = (pid: number): boolean => isRunning({ pid, since: null });

describe('what follows an update, in real processes', () => {
  test.concurrent.each(['restart_exec', 'restart_popen', 'exit'])(
    '%s: the supervisor starts the new version, once',
    { timeout },
    async (mode) => {
      const options = `restartMode: '${mode}',`;
      const unit = await createSupervisedUnit(yard, mode, { label: 'one', options });
      const run = unit.run();
      await unit.hears('one', 'online');
      await unit.add({ label: 'two', options });
      await unit.update();
      await unit.hears('two', 'updateConfirmed');
      expect(unit.told().filter(({ type }) => type === 'started')).toHaveLength(2);
      run.child.kill('SIGTERM');
      expect((await run.ended).code).toBe(0);
    },
  );

  test.skipIf('execve' in process).each(['SIGTERM', 'SIGKILL'] as const)(
    'restart_exec with no supervisor: a %s of the process that was started ends the new version, which stops first',
    { timeout, concurrent: true },
    async (signal) => {
      const options = "restartMode: 'restart_exec',";
      const unit = await createSupervisedUnit(yard, `alone-${signal}`, { label: 'one', options });
      const run = unit.runAlone();
      await unit.hears('one', 'online');
      await unit.add({ label: 'two', options });
      await unit.update();
      await unit.hears('two', 'updateConfirmed');
      const { pid = 0 } = unit.said().find(({ label }) => label === 'two') ?? {};
      expect(pid).not.toBe(run.child.pid);
      expect([pid, run.child.pid ?? 0].map(lives)).toEqual([true, true]);
      run.child.kill(signal);
      expect(await run.ended).toMatchObject({ code: signal === 'SIGTERM' ? 0 : null });
      await unit.waitFor('the new version ends', () => !lives(pid));
      const log = await readFile(join(unit.folder, 'log.json'), 'utf8');
      expect(log.includes('is gone, and the unit leaves')).toBe(signal === 'SIGKILL');
      expect(unit.said().filter(({ said }) => said === 'updateFailed')).toEqual([]);
    },
  );

  test.skipIf('execve' in process)(
    'restart_exec with no supervisor: a new version leaves when the process that was started is killed while it loads',
    { timeout, concurrent: true },
    async () => {
      const options = "restartMode: 'restart_exec',";
      const unit = await createSupervisedUnit(yard, 'alone-loading', { label: 'one', options });
      const run = unit.runAlone();
      await unit.hears('one', 'online');
      await unit.add({ label: 'two', options, ...loadsUntilOrphaned });
      await unit.update();
      await unit.waitFor('the new version loads', () => run.stdout().includes('loads'));
      run.child.kill('SIGKILL');
      await unit.hears('two', 'started');
      const { pid = 0 } = unit.said().find(({ label }) => label === 'two') ?? {};
      await unit.waitFor('the new version ends', () => !lives(pid));
      await run.ended;
      const log = await readFile(join(unit.folder, 'log.json'), 'utf8');
      expect(log).toContain('The process that restarted the unit is gone, and the unit leaves.');
    },
  );

  test.concurrent('no_restart: the new version waits for the next start', { timeout }, async () => {
    const options = "restartMode: 'no_restart',";
    const unit = await createSupervisedUnit(yard, 'no_restart', { label: 'one', options });
    unit.run();
    await unit.hears('one', 'online');
    await unit.add({ label: 'two', options });
    await unit.update();
    await unit.hears('one', 'updateFinished');
    await unit.update();
    await unit.hears('one', 'updateSkipped');
    expect(unit.said().map(({ label }) => label)).not.toContain('two');
    await unit.stop();
    unit.run();
    await unit.hears('two', 'updateConfirmed');
    await unit.stop();
  });

  test.concurrent('env_schema_only: both files are taken over, the program stays', { timeout }, async () => {
    const options = "restartMode: 'env_schema_only',";
    const unit = await createSupervisedUnit(yard, 'env_schema_only', { label: 'one', options });
    unit.run();
    await unit.hears('one', 'online');
    const commit = await unit.add({ label: 'two', options });
    await unit.update();
    await unit.hears('one', 'updateFinished');
    const read = (name: string) => readFile(join(unit.folder, name), 'utf8');
    expect(JSON.parse(await read('env.json'))).toMatchObject({ PU_COMMIT_VERSION: commit });
    expect(await read('main.js')).toContain("label: 'one'");
    await unit.update();
    await unit.hears('one', 'updateSkipped');
    expect(new Set(unit.said().map(({ pid }) => pid)).size).toBe(1);
    await unit.stop();
  });

  test.concurrent("a custom handler gets the command's payload, and nothing else is done", { timeout }, async () => {
    const unit = await createSupervisedUnit(yard, 'custom', {
      label: 'one',
      before:
        "client.setCustomUpdateHandler((_, payload) => say({ said: 'handed', version: payload.PU_COMMIT_VERSION }));",
    });
    unit.run();
    await unit.hears('one', 'online');
    const before = await unit.tree();
    const commit = await unit.add({ label: 'two' });
    await unit.update();
    await unit.hears('one', 'handed');
    expect(unit.said().find(({ said }) => said === 'handed')).toMatchObject({ version: commit });
    expect(await unit.tree()).toEqual(before);
    expect(unit.told().filter(({ type }) => type === 'started')).toHaveLength(1);
    await unit.stop();
  });
});
