import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createYard, createSupervisedUnit, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

/** Runs the whole program again in a worker thread, where the unit is. */
const inWorker = `
import { isMainThread, Worker } from 'node:worker_threads';
if (isMainThread) {
  new Worker(new URL(import.meta.url)).on('exit', (code) => process.exit(100 + code));
  await new Promise(() => undefined);
}`;

const program = (label: string, mode: string) => ({
  label,
  first: inWorker,
  options: `restartMode: '${mode}',`,
  before: `client.on('updateFailed', () => client.restartDevice().catch((error) => say({ said: 'restartRefused', code: error.code })));`,
});

describe('a unit in a worker thread', () => {
  test.concurrent.each(['restart_exec', 'restart_popen', 'exit'])(
    '%s: an update is refused before a file is touched, and the unit goes on (U2)',
    { timeout: 90_000 },
    async (mode) => {
      const unit = await createSupervisedUnit(yard, `worker-${mode}`, program('one', mode));
      const run = unit.runAlone();
      await unit.hears('one', 'online');
      const before = await unit.tree();
      await unit.add(program('two', mode));
      await unit.update();
      await unit.hears('one', 'updateFailed');
      expect(unit.said().find(({ said }) => said === 'updateFailed')).toMatchObject({
        phase: 'swapping',
        failure: { name: 'ProcessError', code: 'unsupported' },
      });
      await unit.hears('one', 'restartRefused');
      expect(await unit.tree()).toEqual(before);
      expect(unit.said().filter(({ said }) => said === 'started')).toHaveLength(1);
      await unit.waitFor('the log says what to do', () => unit.log().some((line) => line.includes('env_schema_only')));
      expect(run.child.exitCode).toBe(null);
      await unit.stop();
    },
  );

  test.concurrent('is not restarted under pepeunit run either (U2)', { timeout: 90_000 }, async () => {
    const unit = await createSupervisedUnit(yard, 'worker-supervised', program('one', 'restart_exec'));
    unit.run();
    await unit.hears('one', 'online');
    await unit.add(program('two', 'restart_exec'));
    await unit.update();
    await unit.hears('one', 'updateFailed');
    expect(unit.told().filter(({ type }) => type === 'started')).toHaveLength(1);
    await unit.stop();
  });

  test.concurrent.each(['no_restart', 'env_schema_only'])(
    '%s: an update works as it does elsewhere (U2)',
    { timeout: 90_000 },
    async (mode) => {
      const unit = await createSupervisedUnit(yard, `worker-${mode}`, program('one', mode));
      unit.runAlone();
      await unit.hears('one', 'online');
      const commit = await unit.add(program('two', mode));
      await unit.update();
      await unit.hears('one', 'updateFinished');
      const tree = await unit.tree();
      expect(JSON.parse(tree['env.json'] ?? '')).toMatchObject({ PU_COMMIT_VERSION: commit });
      expect(tree['main.js']).toContain(mode === 'no_restart' ? "'two'" : "'one'");
      await unit.stop();
    },
  );
});
