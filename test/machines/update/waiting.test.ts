import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { away, connected, onTrial, woken } from './under-test.ts';

describe('a trial while no broker can be reached (U11)', () => {
  test('waits, told once, and goes on when the unit gets online', async () => {
    const unit = await woken(onTrial(), { isSupervised: true });
    await away(unit);
    expect(unit.state().value).toEqual({ trial: 'waiting' });
    expect(unit.noteWait.last().input).toEqual({ waitedMs: 15_000 });
    await unit.noteWait.resolve();
    for (const [ms, waitedMs] of [
      [15_000, 45_000],
      [30_000, 105_000],
      [60_000, 225_000],
      [120_000, 465_000],
      [240_000, 765_000],
      [300_000, 1_065_000],
    ] as const) {
      unit.clock.increment(ms - 1);
      expect(unit.state().value).toEqual({ trial: 'waiting' });
      unit.clock.increment(1);
      expect(unit.state().value).toEqual({ trial: 'probing' });
      await unit.probe.resolve(false);
      expect(unit.noteWait.last().input).toEqual({ waitedMs });
    }
    expect(unit.told().filter(({ type }) => type === 'update.waiting')).toEqual([
      { type: 'update.waiting', version: 'v2', isDenied: false },
    ]);
    await connected(unit);
    expect(unit.state().value).toEqual({ trial: 'resuming' });
    await unit.endWait.resolve();
    expect(unit.state().value).toEqual({ trial: { proving: 'asking' } });
    await unit.checkReady.resolve();
    await unit.confirm.resolve();
    expect(unit.told().at(-1)).toEqual({ type: 'update.confirmed', version: 'v2' });
  });

  test('a broker that is back has the version connect at once, and gets it a whole time again', async () => {
    const unit = await woken(onTrial(), { isSupervised: true });
    await away(unit);
    unit.clock.increment(15_000);
    await unit.probe.resolve(true);
    expect(unit.told().at(-1)).toEqual({ type: 'update.brokerFound' });
    await unit.endWait.resolve();
    unit.clock.increment(59_999);
    expect(unit.state().value).toEqual({ trial: { proving: 'connecting' } });
    unit.clock.increment(1);
    await unit.probe.resolve(true);
    await unit.endWait.resolve();
    unit.clock.increment(30_000);
    await unit.probe.resolve(true);
    expect(unit.state().value).toBe('noting');
  });

  test('a broker that goes away in the last moment convicts nobody', async () => {
    const unit = await woken(onTrial());
    unit.clock.increment(60_000);
    await unit.probe.resolve(true);
    await unit.endWait.resolve();
    unit.clock.increment(30_000);
    await unit.probe.resolve(false);
    expect(unit.state().value).toEqual({ trial: 'waiting' });
  });

  test('and one that denies all of its topics says nothing of the version', async () => {
    const unit = await woken(onTrial());
    unit.actor.send({ type: 'broker.denied' });
    unit.clock.increment(60_000);
    expect(unit.probe.last().input).toEqual({ isDenied: true });
    await unit.probe.resolve(false);
    expect(unit.told().at(-1)).toEqual({ type: 'update.waiting', version: 'v2', isDenied: true });
  });

  test('a probe that breaks or hangs is no answer: the trial waits', async () => {
    const broken = await woken(onTrial());
    broken.clock.increment(60_000);
    await broken.probe.reject(failing('unexpected'));
    const hanging = await woken(onTrial());
    hanging.clock.increment(60_000);
    hanging.clock.increment(10_000);
    for (const { state } of [broken, hanging]) expect(state().value).toEqual({ trial: 'waiting' });
  });

  test('an app that is not ready then has failed all the same', async () => {
    const unit = await woken(onTrial(), { isSupervised: true });
    await away(unit);
    await connected(unit);
    await unit.endWait.resolve();
    await unit.checkReady.reject(failing('failed', 'no sensor'));
    expect(unit.noteFailure.last().input).toEqual({ reason: 'no sensor', code: 'failed' });
  });

  test('a disk that takes no note of it changes nothing', async () => {
    const unit = await woken(onTrial());
    await away(unit);
    await unit.noteWait.reject(failing('space'));
    expect(unit.state().value).toEqual({ trial: 'waiting' });
    await connected(unit);
    await unit.endWait.reject(failing('space'));
    expect(unit.state().value).toEqual({ trial: { proving: 'asking' } });
    await away(unit);
  });

  test.each(['breaks', 'hangs'])('ends after a day in all, also with a probe that %s each time', async (how) => {
    const { trial, ...status } = onTrial();
    const almost = { ...status, ...(trial && { trial: { ...trial, isWaiting: true, waitedMs: 86_390_000 } }) };
    const unit = await woken(almost);
    const probed = () => (how === 'breaks' ? unit.probe.reject(failing('unexpected')) : unit.clock.increment(10_000));
    await probed();
    expect(unit.state().value).toEqual({ trial: 'waiting' });
    unit.clock.increment(10_000);
    expect(unit.probe.runs).toHaveLength(2);
    await probed();
    expect(unit.state().value).toBe('rollingBack');
    expect(unit.rollBack.last().input).toMatchObject({ code: 'offline' });
  });

  test('ends after a day in all, with no more starts, and the version before is restored (X3)', async () => {
    const { trial, ...status } = onTrial();
    const almost = { ...status, ...(trial && { trial: { ...trial, isWaiting: true, waitedMs: 86_390_000 } }) };
    const unit = await woken(almost, { isSupervised: true });
    expect(unit.told()).toMatchObject([{ type: 'update.tried', start: 2 }]);
    expect(unit.state().value).toEqual({ trial: 'probing' });
    await unit.probe.resolve(false);
    expect(unit.noteWait.last().input).toEqual({ waitedMs: 86_400_000 });
    unit.clock.increment(10_000);
    await unit.probe.resolve(false);
    expect(unit.state().value).toBe('rollingBack');
    expect(unit.rollBack.last().input).toEqual({
      reason: 'it did not get online; no broker could be reached for 24 h',
      code: 'offline',
    });
  });

  test('without such a time the first start decides', async () => {
    const { trial, ...status } = onTrial();
    const unit = await woken({ ...status, ...(trial && { trial: { ...trial, offlineMs: 0 } }) });
    await away(unit);
    expect(unit.rollBack.last().input).toEqual({ reason: 'it did not get online within 60 s', code: 'offline' });
  });

  test('begins anew after a link in between, and the wait so far counts', async () => {
    const unit = await woken(onTrial());
    await away(unit);
    await connected(unit);
    await unit.endWait.resolve();
    unit.actor.send({ type: 'broker.down' });
    await away(unit);
    expect(unit.probe.last().input).toEqual({ isDenied: false });
    expect(unit.noteWait.last().input).toEqual({ waitedMs: 30_000 });
  });

  test('a link that comes during a probe ends it', async () => {
    const unit = await woken(onTrial());
    unit.clock.increment(60_000);
    await connected(unit);
    expect(unit.probe.last().signal.aborted).toBe(true);
    expect(unit.endWait.runs).toHaveLength(1);
    await unit.endWait.resolve();
    expect(unit.state().value).toEqual({ trial: { proving: 'asking' } });
  });

  test('each probe that gives no answer is charged to the wait', async () => {
    const unit = await woken(onTrial());
    unit.clock.increment(60_000);
    await unit.probe.reject(failing('unexpected'));
    expect(unit.noteWait.last().input).toEqual({ waitedMs: 15_000 });
    unit.clock.increment(15_000);
    unit.clock.increment(10_000);
    expect(unit.noteWait.last().input).toEqual({ waitedMs: 45_000 });
    expect(unit.told().filter(({ type }) => type === 'update.waiting')).toHaveLength(1);
  });

  test('is charged for no more than there is left of it', async () => {
    const { trial, ...status } = onTrial();
    const almost = { ...status, ...(trial && { trial: { ...trial, isWaiting: true, waitedMs: 86_399_999 } }) };
    const unit = await woken(almost);
    await unit.probe.reject(failing('unexpected'));
    expect(unit.noteWait.last().input).toEqual({ waitedMs: 86_400_000 });
  });

  test('a note of its end that takes too long is not waited for', async () => {
    const unit = await woken(onTrial());
    await away(unit);
    await connected(unit);
    unit.clock.increment(29_999);
    expect(unit.state().value).toEqual({ trial: 'resuming' });
    unit.clock.increment(1);
    expect(unit.state().value).toEqual({ trial: { proving: 'asking' } });
  });

  test('of a millisecond at the most is still a wait', async () => {
    const { trial, ...status } = onTrial();
    const unit = await woken({ ...status, ...(trial && { trial: { ...trial, offlineMs: 1 } }) });
    await away(unit);
    expect(unit.state().value).toEqual({ trial: 'waiting' });
  });
});

test('a version whose topics were denied altogether is told so', async () => {
  const unit = await woken(onTrial());
  unit.actor.send({ type: 'broker.denied' });
  unit.clock.increment(60_000);
  await unit.probe.resolve(true);
  await unit.endWait.resolve();
  unit.clock.increment(30_000);
  await unit.probe.resolve(true);
  expect(unit.told().at(-1)).toMatchObject({ failure: { message: 'the broker denied its topics altogether' } });
});

test('the last start of all is a start', async () => {
  const unit = await woken(onTrial(3));
  expect(unit.state().value).toEqual({ trial: { proving: 'connecting' } });
});

test('a version that proves itself is no failed one any more, and another stays one', async () => {
  for (const version of ['v2', 'v9']) {
    const unit = await woken({ ...onTrial(), failed: { version, reason: 'it hung' } }, { mode: 'no_restart' });
    await connected(unit);
    await unit.checkReady.resolve();
    await unit.confirm.resolve();
    await unit.forgetOutcome.resolve();
    unit.begin({ commitVersion: version });
    expect(unit.state().value).toBe(version === 'v2' ? 'downloading' : 'reconsidering');
  }
});
