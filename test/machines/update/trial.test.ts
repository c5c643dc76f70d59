import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { asleep, connected, missTheBroker, onTrial, v2, v3, woken, type UpdateUnderTest } from './under-test.ts';

const rolledBack = { version: 'v2', result: 'rolledBack', reason: 'it hung' } as const;

describe('what an earlier start has left', () => {
  test('is asked for once, before anything else', async () => {
    const unit = asleep();
    expect(unit.state().value).toBe('asleep');
    unit.actor.send({ type: 'update.recover' });
    expect(unit.state().value).toBe('recovering');
    await unit.recover.resolve({ phase: 'settled' });
    unit.actor.send({ type: 'update.recover' });
    expect(unit.recover.runs).toHaveLength(1);
    expect(unit.parent.types()).toEqual(['update.settled', 'update.recovered']);
  });

  test('an update that is asked for before waits for it', async () => {
    const unit = asleep();
    unit.begin(v2);
    expect(unit.state().value).toBe('recovering');
    await unit.recover.resolve({ phase: 'settled' });
    expect(unit.download.last().input).toEqual({ target: v2 });
  });

  test('nobody is told that it is done before it is, whoever asks meanwhile (U2)', async () => {
    const unit = asleep();
    unit.begin(v2);
    unit.actor.send({ type: 'update.recover' });
    expect(unit.parent.types()).toEqual([]);
    await unit.recover.resolve(onTrial(4));
    expect(unit.state().value).toBe('rollingBack');
    unit.actor.send({ type: 'update.recover' });
    expect(unit.parent.types()).toEqual(['update.failed']);
  });

  test('a journal that can not be read is told, and the unit goes on', async () => {
    const unit = asleep();
    unit.actor.send({ type: 'update.recover' });
    await unit.recover.reject(failing('journal'));
    expect(unit.told()).toMatchObject([{ type: 'update.failed', phase: 'recovering', failure: { code: 'journal' } }]);
    expect(unit.parent.types().at(-1)).toBe('update.settled');
  });

  test('a damaged journal is told, and what it leads to carried on', async () => {
    const problem = { name: 'FirmwareError', code: 'journal', message: 'it is damaged' };
    const unit = await woken({ ...onTrial(), problem });
    expect(unit.told()).toMatchObject([{ phase: 'recovering', failure: problem }, { type: 'update.tried' }]);
  });

  test('files that gave way to the version on trial are reported at its first start alone (U18)', async () => {
    const files = { folder: '.pepeunit/kept/v2', count: 1, names: ['notes.txt'] };
    const at = (start: number) => {
      const { trial, ...status } = onTrial(start);
      return { ...status, ...(trial && { trial: { ...trial, kept: files } }) };
    };
    expect((await woken(at(1))).told()).toMatchObject([
      { type: 'update.tried' },
      { type: 'update.kept', version: 'v2', files },
    ]);
    expect((await woken(at(2))).told()).toMatchObject([{ type: 'update.tried' }]);
  });

  test.each([
    [rolledBack, { type: 'update.rolledBack', version: 'v2', reason: 'it hung' }],
    [{ version: 'v2', result: 'confirmed' } as const, { type: 'update.confirmed', version: 'v2' }],
  ])('an outcome is told once and then forgotten (U20)', async (outcome, fact) => {
    const unit = await woken({ phase: 'settled', outcome });
    expect(unit.told()).toEqual([fact]);
    expect(unit.state().value).toBe('telling');
    await unit.forgetOutcome.resolve();
    expect(unit.state().value).toBe('idle');
    expect(unit.told()).toEqual([fact]);
  });

  test('a command for the version that has just proved itself is skipped (U15)', async () => {
    const unit = await woken(onTrial());
    unit.actor.send({ type: 'update.configure', commitVersion: 'v2' });
    await connected(unit);
    await unit.checkReady.resolve();
    await unit.confirm.resolve();
    unit.begin(v2);
    await unit.forgetOutcome.resolve();
    expect(unit.told().at(-1)).toEqual({ type: 'update.skipped', target: v2, reason: 'sameVersion' });
  });

  test('an outcome that can not be forgotten stops nothing', async () => {
    const unit = await woken({ phase: 'settled', outcome: rolledBack });
    await unit.forgetOutcome.reject(failing('io'));
    expect(unit.state().value).toBe('idle');
  });
});

describe('a trial', () => {
  test('waits for the link, then for the app, and is confirmed (U11)', async () => {
    const unit = await woken(onTrial());
    expect(unit.told()).toEqual([{ type: 'update.tried', version: 'v2', start: 1, maxStarts: 3, isSupervised: false }]);
    expect(unit.state().value).toEqual({ trial: { proving: 'connecting' } });
    await connected(unit);
    expect(unit.state().value).toEqual({ trial: { proving: 'asking' } });
    await unit.checkReady.resolve();
    expect(unit.state().value).toBe('confirming');
    await unit.confirm.resolve();
    expect(unit.told().at(-1)).toEqual({ type: 'update.confirmed', version: 'v2' });
    await unit.forgetOutcome.resolve();
    expect(unit.rollBack.runs).toHaveLength(0);
  });

  test('a link without its base topics is not enough (U11)', async () => {
    const unit = await woken(onTrial());
    unit.connect('d/input_base_topic/u/update/pepeunit');
    expect(unit.state().value).toEqual({ trial: { proving: 'connecting' } });
    await missTheBroker(unit);
    expect(unit.probe.last().input).toEqual({ isDenied: true });
    expect(unit.told().at(-1)).toMatchObject({
      type: 'update.failed',
      phase: 'trial',
      failure: { code: 'unhealthy', message: 'the broker denied its topics d/input_base_topic/u/update/pepeunit' },
    });
  });

  test('a link that is lost while the app is asked begins anew', async () => {
    const unit = await woken(onTrial());
    await connected(unit);
    unit.actor.send({ type: 'broker.down' });
    expect(unit.state().value).toEqual({ trial: { proving: 'connecting' } });
    expect(unit.checkReady.last().signal.aborted).toBe(true);
  });

  test.each([
    ['it did not get online within 60 s', 'offline', missTheBroker],
    [
      'the app was not ready within 60 s',
      'unhealthy',
      async (unit: UpdateUnderTest) => {
        await connected(unit);
        unit.clock.increment(60_000);
      },
    ],
  ])('%s: unsupervised it is rolled back (U11, X3)', async (reason, code, fail) => {
    const unit = await woken(onTrial());
    await fail(unit);
    expect(unit.state().value).toBe('rollingBack');
    expect(unit.rollBack.last().input).toEqual({ reason, code });
    await unit.rollBack.resolve();
    expect(unit.state().value).toBe('restarting');
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.failed', phase: 'trial', failure: { message: reason } });
  });

  test.each([
    ['noted', (unit: UpdateUnderTest) => unit.noteFailure.resolve()],
    ['not to be noted', (unit: UpdateUnderTest) => unit.noteFailure.reject(failing('space'))],
    ['not noted in time', async (unit: UpdateUnderTest) => unit.clock.increment(30_000)],
  ])('supervised it leaves with the reason %s, and the supervisor decides (U11)', async (_name, note) => {
    const unit = await woken(onTrial(), { isSupervised: true });
    await missTheBroker(unit);
    expect(unit.noteFailure.last().input).toEqual({ reason: 'it did not get online within 60 s', code: 'offline' });
    await note(unit);
    expect(unit.state().value).toBe('restarting');
    expect(unit.rollBack.runs).toHaveLength(0);
  });

  test('an app that says it is not ready has failed at once', async () => {
    const unit = await woken(onTrial());
    await connected(unit);
    await unit.checkReady.reject(failing('failed', 'no sensor'));
    expect(unit.rollBack.last().input).toEqual({ reason: 'no sensor', code: 'failed' });
  });

  test('a start too many is rolled back before anything is read, unless a supervisor counts (U11)', async () => {
    const unit = await woken(onTrial(4));
    expect(unit.rollBack.last().input).toMatchObject({ reason: 'it was started 3 times without proving itself' });
    expect(unit.parent.types()).not.toContain('update.settled');
    const supervised = await woken(onTrial(4), { isSupervised: true });
    expect(supervised.state().value).toEqual({ trial: { proving: 'connecting' } });
  });

  test('where nothing is restarted the previous version waits for the next start, and that is told', async () => {
    const unit = await woken(onTrial(), { mode: 'no_restart' });
    await missTheBroker(unit);
    await unit.rollBack.resolve();
    expect(unit.told().at(-1)).toEqual({
      type: 'update.rolledBack',
      version: 'v2',
      reason: 'it did not get online within 60 s',
    });
  });

  test('a rollback that fails is told, and the unit runs on', async () => {
    const unit = await woken(onTrial());
    await missTheBroker(unit);
    await unit.rollBack.reject(failing('io'));
    expect(unit.told().at(-1)).toMatchObject({ phase: 'rollingBack', failure: { code: 'io' } });
    expect(unit.state().value).toBe('idle');
  });

  test('a rollback that never ends is told, and the next start carries it on', async () => {
    const unit = await woken(onTrial());
    await missTheBroker(unit);
    unit.clock.increment(119_999);
    expect(unit.state().value).toBe('rollingBack');
    unit.clock.increment(1);
    expect(unit.told().at(-1)).toMatchObject({ phase: 'rollingBack', failure: { code: 'timeout' } });
    expect(unit.state().value).toBe('restarting');
    expect(unit.restart.last().input).toEqual({ mode: 'restart_exec' });
  });

  test('a confirmation that is not on disk in 30 s has failed', async () => {
    const unit = await woken(onTrial());
    await connected(unit);
    await unit.checkReady.resolve();
    unit.clock.increment(29_999);
    expect(unit.state().value).toBe('confirming');
    unit.clock.increment(1);
    expect(unit.told().at(-1)).toMatchObject({ phase: 'confirming', failure: { code: 'timeout' } });
    expect(unit.state().value).toBe('rollingBack');
  });

  test('a trial that can not be confirmed has failed', async () => {
    const unit = await woken(onTrial());
    await connected(unit);
    await unit.checkReady.resolve();
    await unit.confirm.reject(failing('io'));
    expect(unit.told().at(-1)).toMatchObject({ phase: 'confirming', failure: { code: 'io' } });
    expect(unit.state().value).toBe('rollingBack');
  });

  test('after the confirmation nothing rolls back (U13)', async () => {
    const unit = await woken(onTrial());
    await connected(unit);
    await unit.checkReady.resolve();
    await unit.confirm.resolve();
    await unit.forgetOutcome.reject(failing('io'));
    unit.actor.send({ type: 'broker.down' });
    unit.clock.increment(600_000);
    expect(unit.rollBack.runs).toHaveLength(0);
  });

  test('a command for the version on trial is a no-op, one for another waits for its end (U15)', async () => {
    const unit = await woken(onTrial());
    unit.actor.send({ type: 'update.configure', commitVersion: 'v2' });
    unit.begin(v2);
    expect(unit.state().context.next).toBeUndefined();
    expect(unit.told().at(-1)).toEqual({ type: 'update.repeated', target: v2 });
    unit.begin(v3);
    await connected(unit);
    await unit.checkReady.resolve();
    await unit.confirm.resolve();
    await unit.forgetOutcome.resolve();
    expect(unit.download.last().input).toEqual({ target: v3 });
  });
});
