import { describe, expect, test } from 'vitest';
import { RestError } from '../../../services/errors.ts';
import { failing } from '../../support/actors.ts';
import { idle, onTrial, staged, v2, v3, woken, type UpdateUnderTest } from './under-test.ts';

describe('the target version (M18)', () => {
  test('is asked for once after each connect, and taken up when it is another one', async () => {
    const unit = await idle();
    unit.connect();
    expect(unit.state().matches({ waiting: { target: 'asking' } })).toBe(true);
    await unit.askTarget.resolve('v2');
    expect(unit.download.last().input).toEqual({ target: v2 });
  });

  test('a change of the topics is no connect', async () => {
    const unit = await idle();
    unit.connect();
    await unit.askTarget.resolve('v1');
    unit.connect('one/denied');
    expect(unit.askTarget.runs).toHaveLength(1);
    unit.actor.send({ type: 'broker.down' });
    unit.connect();
    expect(unit.askTarget.runs).toHaveLength(2);
  });

  test('is asked for again, later each time, until it was answered once', async () => {
    const unit = await idle();
    unit.connect();
    for (const [attempts, waitMs] of [2500, 5000, 10_000, 20_000].entries()) {
      await unit.askTarget.reject(failing('status'));
      expect(unit.told().at(-1)).toMatchObject({ type: 'update.targetUnknown', attempts: attempts + 1 });
      expect(unit.state().matches('waiting')).toBe(true);
      unit.clock.increment(waitMs - 1);
      expect(unit.askTarget.runs).toHaveLength(attempts + 1);
      unit.clock.increment(1);
      expect(unit.askTarget.runs).toHaveLength(attempts + 2);
    }
    unit.clock.increment(30_000);
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.targetUnknown', failure: { code: 'timeout' } });
    unit.clock.increment(40_000);
    await unit.askTarget.resolve('v1');
    expect(unit.state().value).toBe('idle');
    unit.clock.increment(100_000_000);
    expect(unit.askTarget.runs).toHaveLength(6);
  });

  test('is not asked for without a link, and from the beginning after the next connect', async () => {
    const unit = await idle();
    unit.connect();
    await unit.askTarget.reject(failing('network'));
    unit.actor.send({ type: 'broker.down' });
    expect(unit.state().value).toBe('idle');
    unit.clock.increment(100_000_000);
    expect(unit.askTarget.runs).toHaveLength(1);
    unit.connect();
    await unit.askTarget.reject(failing('network'));
    expect(unit.told().map((fact) => 'attempts' in fact && fact.attempts)).toEqual([1, 1]);
  });

  test('is asked for after as long as the instance says', async () => {
    const unit = await idle();
    unit.connect();
    await unit.askTarget.reject(new RestError('status', 'Busy', { status: 429, retryAfterMs: 90_000 }));
    unit.clock.increment(90_000 + 2500 - 1);
    expect(unit.askTarget.runs).toHaveLength(1);
    unit.clock.increment(1);
    expect(unit.askTarget.runs).toHaveLength(2);
  });

  test('is not asked for where versions are not compared', async () => {
    const unit = await idle({ checksVersion: false });
    unit.connect();
    expect(unit.askTarget.runs).toHaveLength(0);
  });

  test('waits for the end of a flight or of a trial', async () => {
    const unit = await woken(onTrial());
    unit.connect();
    await unit.checkReady.resolve();
    expect(unit.askTarget.runs).toHaveLength(0);
    await unit.confirm.resolve();
    await unit.forgetOutcome.resolve();
    expect(unit.askTarget.runs).toHaveLength(1);
  });

  test('a version that was refused by its content is not fetched again after each connect', async () => {
    const unit = await idle();
    const reconnect = async () => {
      unit.actor.send({ type: 'broker.down' });
      unit.connect();
      await unit.askTarget.resolve('v2');
    };
    await reconnect();
    await unit.download.resolve(staged);
    await unit.verify.reject(failing('version'));
    await unit.discard.resolve();
    await reconnect();
    expect(unit.download.runs).toHaveLength(1);
  });

  test('is not taken up when that version has failed before (U14)', async () => {
    const unit = await woken({ phase: 'settled', failed: { version: 'v2', reason: 'it hung' } });
    unit.connect();
    await unit.askTarget.resolve('v2');
    expect(unit.state().value).toBe('idle');
    expect(unit.recall.runs).toHaveLength(0);
    expect(unit.told()).toEqual([]);
  });

  test('goes to the own handler of the app where there is one, once', async () => {
    const unit = await idle();
    unit.actor.send({ type: 'update.configure', handsOver: true });
    unit.connect();
    await unit.askTarget.resolve('v2');
    expect(unit.handOver.last().input).toEqual({ target: v2 });
    await unit.handOver.resolve();
    unit.actor.send({ type: 'broker.down' });
    unit.connect();
    await unit.askTarget.resolve('v2');
    expect(unit.handOver.runs).toHaveLength(1);
  });

  test('a command that comes meanwhile is newer than the answer', async () => {
    const unit = await idle();
    unit.connect();
    unit.begin(v3);
    await unit.askTarget.resolve('v2');
    expect(unit.download.last().input).toEqual({ target: v3 });
  });
});

const answered = async (version: string, change = {}) => {
  const unit = await idle({ isCompiled: true, ...change });
  unit.connect();
  await unit.askTarget.resolve(version);
  return unit;
};
const reconnect = async (unit: UpdateUnderTest, version: string) => {
  unit.actor.send({ type: 'broker.down' });
  unit.connect();
  await unit.askTarget.resolve(version);
};
const linked = { ...v2, firmwareLink: 'https://host/two' };

describe('the target version of a compiled unit (M18)', () => {
  test('brings a request for the command that has the link, once for each target', async () => {
    const unit = await answered('v2');
    expect(unit.state().matches({ waiting: { target: 'requesting' } })).toBe(true);
    await unit.requestUpdate.resolve();
    expect(unit.told()).toEqual([{ type: 'update.requested', target: v2 }]);
    expect(unit.state().value).toBe('idle');
    await reconnect(unit, 'v2');
    expect(unit.requestUpdate.runs).toHaveLength(1);
    await reconnect(unit, 'v3');
    expect(unit.requestUpdate.runs).toHaveLength(2);
    expect(unit.download.runs).toHaveLength(0);
  });

  test('brings none while that version runs, or when it has failed before (U14)', async () => {
    const current = await answered('v1');
    expect(current.requestUpdate.runs).toHaveLength(0);
    const failed = await woken(
      { phase: 'settled', failed: { version: 'v2', reason: 'it hung' } },
      { isCompiled: true },
    );
    failed.connect();
    await failed.askTarget.resolve('v2');
    expect(failed.requestUpdate.runs).toHaveLength(0);
    expect(failed.recall.runs).toHaveLength(0);
  });

  test('brings none when the link is known already', async () => {
    const unit = await idle({ isCompiled: true });
    unit.actor.send({ type: 'update.pursue', target: linked });
    unit.begin(linked);
    await unit.download.reject(failing('network'));
    unit.connect();
    await unit.askTarget.resolve('v2');
    expect(unit.requestUpdate.runs).toHaveLength(0);
    expect(unit.download.last().input).toEqual({ target: linked });
  });

  test('is of no use without MQTT, which the command comes by', async () => {
    const unit = await idle({ isCompiled: true, isRestOnly: true });
    unit.actor.send({ type: 'update.askTarget' });
    expect(unit.askTarget.runs).toHaveLength(0);
    expect(unit.state().value).toBe('idle');
  });

  test('is enough where no program is replaced', async () => {
    const unit = await answered('v2', { mode: 'env_schema_only' });
    expect(unit.requestUpdate.runs).toHaveLength(0);
    expect(unit.download.last().input).toEqual({ target: v2 });
  });

  test('is asked for again when the request failed, and the request is made then', async () => {
    const unit = await answered('v2');
    await unit.requestUpdate.reject(failing('status'));
    expect(unit.told().at(-1)).toMatchObject({
      type: 'update.targetUnknown',
      failure: { code: 'status' },
      attempts: 1,
    });
    unit.clock.increment(2500);
    await unit.askTarget.resolve('v2');
    unit.clock.increment(30_000);
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.targetUnknown', failure: { code: 'timeout' } });
    unit.clock.increment(5000);
    await unit.askTarget.resolve('v2');
    await unit.requestUpdate.resolve();
    expect(unit.requestUpdate.runs).toHaveLength(3);
    expect(unit.state().value).toBe('idle');
  });

  test('brings another request after a connect when the link broke meanwhile', async () => {
    const unit = await answered('v2');
    unit.actor.send({ type: 'broker.down' });
    expect(unit.requestUpdate.last().signal.aborted).toBe(true);
    expect(unit.state().value).toBe('idle');
    unit.connect();
    await unit.askTarget.resolve('v2');
    expect(unit.requestUpdate.runs).toHaveLength(2);
  });

  test('brings no other request when the command is there before the answer, and fails', async () => {
    const unit = await answered('v2');
    unit.begin(linked);
    await unit.download.resolve(staged);
    await unit.verify.reject(failing('version'));
    await unit.discard.resolve();
    await unit.askTarget.resolve('v2');
    expect(unit.requestUpdate.runs).toHaveLength(1);
    expect(unit.state().value).toBe('idle');
  });
});
