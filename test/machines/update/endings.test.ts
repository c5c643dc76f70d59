import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { asleep, connected, idle, onTrial, staged, v2, v3, woken, type UpdateUnderTest } from './under-test.ts';

type Step = (unit: UpdateUnderTest) => Promise<void>;

const after =
  (ms: number): Step =>
  async ({ clock }) =>
    clock.increment(ms);

/** Brings a flight of v2 into a state. */
const flying = async (place: 'verifying' | 'swapping' | 'restarting', change = {}) => {
  const unit = await idle(change);
  unit.begin(v2);
  await unit.download.resolve(staged);
  if (place !== 'verifying') {
    await unit.verify.resolve();
    await unit.stage.resolve(staged);
  }
  if (place === 'restarting') await unit.swap.resolve();
  expect(unit.state().value).toBe(place);
  return unit;
};

const recovering = async () => {
  const unit = asleep();
  unit.actor.send({ type: 'update.recover' });
  return unit;
};

const reconsidering = async () => {
  const unit = await woken({ phase: 'settled', failed: { version: 'v2', reason: 'it hung' } });
  unit.begin(v2);
  return unit;
};

const handingOver = async () => {
  const unit = await idle();
  unit.actor.send({ type: 'update.configure', handsOver: true });
  unit.begin(v2);
  unit.actor.send({ type: 'update.configure', handsOver: false });
  return unit;
};

const discarding = async () => {
  const unit = await flying('verifying');
  await unit.verify.reject(failing('version'));
  return unit;
};

const rollingBack = async () => {
  const unit = await woken(onTrial(4), { mode: 'no_restart' });
  expect(unit.state().value).toBe('rollingBack');
  return unit;
};

const telling = () => woken({ phase: 'settled', outcome: { version: 'v2', result: 'confirmed' } });

describe('what ends leaves the unit ready for the next command, which goes before any question', () => {
  const endings: readonly [string, () => Promise<UpdateUnderTest>, Step][] = [
    ['a recovery', recovering, ({ recover }) => recover.resolve({ phase: 'settled' })],
    ['a recovery that fails', recovering, ({ recover }) => recover.reject(failing('io'))],
    ['a recovery of more than two minutes', recovering, after(120_000)],
    ['a refusal', reconsidering, ({ recall }) => recall.resolve({ ageMs: 0 })],
    ['a refusal with nothing known', reconsidering, ({ recall }) => recall.reject(failing('io'))],
    ['a refusal after half a minute', reconsidering, after(30_000)],
    ['a swap', () => flying('swapping', { mode: 'no_restart' }), ({ swap }) => swap.resolve()],
    ['a restart that does nothing', () => flying('restarting'), ({ restart }) => restart.resolve()],
    ['a restart that fails', () => flying('restarting'), ({ restart }) => restart.reject(failing('io'))],
    ['a restart of more than two minutes', () => flying('restarting'), after(120_000)],
    ['the handler of the app', handingOver, ({ handOver }) => handOver.resolve()],
    ['a handler that fails', handingOver, ({ handOver }) => handOver.reject(failing('io'))],
    ['a handler of more than ten minutes', handingOver, after(600_000)],
    ['a discard', discarding, ({ discard }) => discard.resolve()],
    ['a discard that fails', discarding, ({ discard }) => discard.reject(failing('io'))],
    ['a discard of more than two minutes', discarding, after(120_000)],
    ['a rollback that fails', rollingBack, ({ rollBack }) => rollBack.reject(failing('io'))],
    ['a report', telling, ({ forgetOutcome }) => forgetOutcome.resolve()],
    ['a report that is not to be forgotten', telling, ({ forgetOutcome }) => forgetOutcome.reject(failing('io'))],
    ['a report of more than half a minute', telling, after(30_000)],
  ];

  test.each(endings)('%s', async (_, arrive, end) => {
    const unit = await arrive();
    unit.connect();
    unit.begin(v3);
    expect(unit.askTarget.runs).toHaveLength(0);
    await end(unit);
    expect(unit.download.last().input).toEqual({ target: v3 });
    expect(unit.parent.types().slice(-2)).toEqual(['update.settled', 'update.began']);
  });

  test('a skip', async () => {
    const unit = await idle();
    unit.connect();
    unit.parent.facts.length = 0;
    unit.begin({ commitVersion: 'v1' });
    expect(unit.parent.types()).toEqual(['update.skipped', 'update.settled']);
  });

  test('a rollback tells what it was before any question', async () => {
    const unit = await woken(onTrial(), { mode: 'no_restart' });
    await connected(unit);
    await unit.checkReady.reject(failing('failed', 'no sensor'));
    await unit.rollBack.resolve();
    expect(unit.state().value).toBe('telling');
    expect(unit.told().at(-1)).toEqual({ type: 'update.rolledBack', version: 'v2', reason: 'no sensor' });
  });
});

describe('limits', () => {
  test.each<[string, string, number, () => Promise<UpdateUnderTest>]>([
    ['recovering', 'update.failed', 120_000, recovering],
    ['handingOver', 'update.failed', 600_000, handingOver],
    ['discarding', 'update.settled', 120_000, discarding],
    ['telling', 'update.settled', 30_000, telling],
  ])('%s ends with %s after %i ms', async (place, fact, limitMs, arrive) => {
    const unit = await arrive();
    unit.clock.increment(limitMs - 1);
    expect(unit.state().value).toBe(place);
    const before = unit.parent.facts.length;
    unit.clock.increment(1);
    expect(unit.state().value).toBe('idle');
    expect(unit.parent.types().slice(before)).toContain(fact);
  });
});

describe('what is asked for while the unit is busy', () => {
  test('with its own journal is carried out, the newest version too', async () => {
    const unit = await recovering();
    unit.begin({ commitVersion: '' });
    await unit.recover.resolve({ phase: 'settled' });
    expect(unit.download.last().input).toEqual({ target: { commitVersion: '' } });
  });

  test('with removing a version that failed may be that version again', async () => {
    const unit = await discarding();
    unit.begin(v2);
    await unit.discard.resolve();
    expect(unit.download.runs).toHaveLength(2);
  });
});

describe('what is known at the end', () => {
  test('a version that is in place for the next start runs already, as far as commands go', async () => {
    const unit = await flying('swapping', { mode: 'no_restart' });
    await unit.swap.resolve();
    unit.begin(v2);
    expect(unit.told().at(-1)).toEqual({ type: 'update.skipped', target: v2, reason: 'sameVersion' });
  });

  test('a restart that is over without one ends the update', async () => {
    const unit = await flying('restarting');
    await unit.restart.resolve();
    expect(unit.told().at(-1)).toEqual({ type: 'update.finished', target: v2, mode: 'restart_exec' });
  });

  test('a version that used all its starts is named, as the one that failed and was rolled back', async () => {
    const unit = await rollingBack();
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.failed', target: v2, phase: 'trial' });
    await unit.rollBack.resolve();
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.rolledBack', version: 'v2' });
  });
});
