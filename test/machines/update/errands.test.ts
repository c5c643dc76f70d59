import { describe, expect, test } from 'vitest';
import { RestError } from '../../../services/errors.ts';
import { failing } from '../../support/actors.ts';
import { idle, staged, v2, v3, woken, type UpdateUnderTest } from './under-test.ts';

const linked = { ...v2, firmwareLink: 'https://host/two' };

/** One whose commanded update could not be had, and is tried again. */
const postponed = async (target = v2, change = {}): Promise<UpdateUnderTest> => {
  const unit = await idle(change);
  unit.actor.send({ type: 'update.pursue', target });
  unit.begin(target);
  await unit.download.reject(failing('network'));
  return unit;
};

const began = (unit: UpdateUnderTest) => unit.told().filter(({ type }) => type === 'update.began');

describe('an update that is tried again', () => {
  test('is another one once that is commanded, and is not tried before it starts', async () => {
    const unit = await postponed();
    unit.connect();
    unit.actor.send({ type: 'update.pursue', target: v3 });
    unit.clock.increment(10_000);
    expect(unit.download.runs).toHaveLength(1);
  });

  test('gives way to a command for the version that runs', async () => {
    const unit = await postponed();
    unit.begin({ commitVersion: 'v1' });
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.skipped' });
    unit.clock.increment(600_000);
    expect(unit.download.runs).toHaveLength(1);
  });

  test.each([
    ['at its own time', async (unit: UpdateUnderTest) => unit.clock.increment(2500)],
    [
      'as the answer of the instance',
      async (unit: UpdateUnderTest) => {
        unit.connect();
        await unit.askTarget.resolve('v2');
      },
    ],
  ])('is an update like any other when it can be had %s', async (_, wait) => {
    const unit = await postponed(v2, { mode: 'no_restart' });
    await wait(unit);
    await unit.download.resolve(staged);
    await unit.verify.resolve();
    await unit.stage.resolve(staged);
    await unit.swap.resolve();
    expect(unit.told().at(-1)).toEqual({ type: 'update.finished', target: v2, mode: 'no_restart' });
  });

  test('ends once its version runs', async () => {
    const unit = await postponed();
    unit.actor.send({ type: 'update.configure', commitVersion: 'v2' });
    unit.begin(v2);
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.skipped' });
    expect(unit.state().value).toBe('idle');
    unit.clock.increment(600_000);
    expect(unit.download.runs).toHaveLength(1);
  });

  test.each([
    ['hung', (unit: UpdateUnderTest) => unit.recall.resolve({ code: 'hung', ageMs: 0 })],
    ['failed in a way that is not known', (unit: UpdateUnderTest) => unit.recall.reject(failing('io'))],
    ['failed in a way that is not known in time', async (unit: UpdateUnderTest) => unit.clock.increment(30_000)],
  ])('ends once it is refused, as it %s', async (_, refuse) => {
    const unit = await woken({ phase: 'settled', failed: { version: 'v2', reason: 'it hung' } });
    unit.actor.send({ type: 'update.pursue', target: v2 });
    unit.begin(v2);
    await unit.recall.resolve({ ageMs: Infinity });
    await unit.download.reject(failing('network'));
    unit.begin(v2);
    await refuse(unit);
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.refused' });
    expect(unit.state().value).toBe('idle');
    unit.clock.increment(600_000);
    expect(unit.download.runs).toHaveLength(1);
  });

  test('and is the answer of the instance too began once, and is asked for once', async () => {
    const unit = await postponed();
    unit.connect();
    await unit.askTarget.resolve('v2');
    await unit.download.reject(failing('network'));
    expect(began(unit)).toEqual([{ type: 'update.began', target: v2 }]);
    expect(unit.askTarget.runs).toHaveLength(1);
  });

  test('that was only announced begins when the instance says so', async () => {
    const unit = await idle();
    unit.actor.send({ type: 'update.pursue', target: v2 });
    unit.connect();
    await unit.askTarget.resolve('v2');
    expect(began(unit)).toEqual([{ type: 'update.began', target: v2 }]);
  });

  test('of a compiled unit is not asked for again as a command, though the server wants it left alone', async () => {
    const unit = await idle({ isCompiled: true });
    unit.actor.send({ type: 'update.pursue', target: linked });
    unit.begin(linked);
    await unit.download.reject(new RestError('status', 'no', { status: 429, retryAfterMs: 120_000 }));
    unit.connect();
    await unit.askTarget.resolve('v2');
    expect(unit.requestUpdate.runs).toHaveLength(0);
  });
});

describe('the question for the target', () => {
  test('is asked at its own time after something else was skipped', async () => {
    const unit = await idle();
    unit.connect();
    await unit.askTarget.reject(failing('network'));
    unit.begin({ commitVersion: 'v1' });
    expect(unit.askTarget.runs).toHaveLength(1);
    unit.clock.increment(2500);
    expect(unit.askTarget.runs).toHaveLength(2);
  });

  test('is asked at once when the unit wants it', async () => {
    const unit = await idle();
    unit.connect();
    await unit.askTarget.reject(failing('network'));
    unit.actor.send({ type: 'update.askTarget' });
    expect(unit.askTarget.runs).toHaveLength(2);
  });

  test('is dropped with the link, while a version is still tried again', async () => {
    const unit = await idle();
    unit.actor.send({ type: 'update.pursue', target: v2 });
    unit.begin(v2);
    await unit.download.reject(new RestError('status', 'no', { status: 429, retryAfterMs: 120_000 }));
    unit.connect();
    await unit.askTarget.reject(failing('network'));
    unit.actor.send({ type: 'broker.down' });
    unit.clock.increment(100_000);
    expect(unit.state().matches('waiting')).toBe(true);
    expect(unit.askTarget.runs).toHaveLength(1);
  });

  test('needs no request where the version runs, and no answer is no version', async () => {
    for (const version of ['v1', '']) {
      const unit = await idle();
      unit.connect();
      await unit.askTarget.resolve(version);
      expect(unit.state().value).toBe('idle');
      expect(unit.parent.types()).toEqual(['update.settled', 'update.settled']);
      expect([unit.requestUpdate.runs.length, unit.download.runs.length]).toEqual([0, 0]);
    }
  });

  test('is answered with no version by an instance that has none any more', async () => {
    const unit = await idle();
    unit.connect();
    await unit.askTarget.resolve('v2');
    await unit.download.resolve(staged);
    await unit.verify.reject(failing('version'));
    await unit.discard.resolve();
    unit.actor.send({ type: 'broker.down' });
    unit.connect();
    await unit.askTarget.resolve('');
    expect(unit.state().value).toBe('idle');
    expect(unit.download.runs).toHaveLength(1);
  });

  test('is answered once, whatever becomes of the answer', async () => {
    const unit = await idle();
    unit.connect();
    await unit.askTarget.resolve('v2');
    await unit.download.reject(failing('hostile'));
    expect(unit.state().value).toBe('idle');
    expect(unit.askTarget.runs).toHaveLength(1);
  });

  test.each([
    ['an answer', (unit: UpdateUnderTest) => unit.requestUpdate.resolve()],
    ['a lost link', async (unit: UpdateUnderTest) => unit.actor.send({ type: 'broker.down' })],
  ])('is not asked again after a request for the command, which ends by %s', async (_, end) => {
    const unit = await postponed(linked, { isCompiled: true });
    unit.connect();
    await unit.askTarget.resolve('v3');
    expect(unit.requestUpdate.runs).toHaveLength(1);
    await end(unit);
    expect(unit.state().matches({ waiting: { version: 'postponed', target: 'answered' } })).toBe(true);
    expect(unit.askTarget.runs).toHaveLength(1);
  });

  test('stays due through a change of the topics', async () => {
    const unit = await idle();
    unit.begin(v2);
    unit.connect();
    unit.connect('one/denied');
    await unit.download.reject(failing('hostile'));
    expect(unit.askTarget.runs).toHaveLength(1);
  });
});

describe('which update is carried out how', () => {
  test('the newest version is fetched, whatever runs', async () => {
    const unit = await idle();
    unit.begin({ commitVersion: '' });
    expect(unit.download.runs).toHaveLength(1);
  });

  test('the link of a program is dropped where there is none, and its payload kept', async () => {
    const payload = { COMMAND: 'Update' };
    const unit = await idle();
    unit.begin({ ...linked, payload });
    expect(unit.download.last().input).toEqual({ target: { ...v2, payload } });
  });

  test('nothing is told of a link where no program is replaced, and none is fetched', async () => {
    for (const isCompiled of [false, true]) {
      const unit = await idle({ isCompiled, mode: 'env_schema_only' });
      unit.begin(linked);
      expect(unit.told().map(({ type }) => type)).toEqual(['update.began']);
      await unit.download.resolve(staged);
      await unit.verify.resolve();
      expect(unit.state().value).toBe('swapping');
    }
  });

  test('what the handler of the app has staged is not handed to it again', async () => {
    const unit = await idle();
    unit.actor.send({ type: 'update.configure', handsOver: true });
    unit.begin({ ...v2, staged });
    expect(unit.handOver.runs).toHaveLength(0);
    expect(unit.download.runs).toHaveLength(1);
  });
});
