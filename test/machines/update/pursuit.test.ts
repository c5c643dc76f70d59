import { describe, expect, test } from 'vitest';
import { RestError } from '../../../services/errors.ts';
import { failing } from '../../support/actors.ts';
import { idle, staged, v2, v3, type UpdateUnderTest } from './under-test.ts';

const hour = 3_600_000;
const busy = new RestError('status', 'Too many requests', { status: 429, retryAfterMs: 120_000 });

/** A unit that was commanded to update. */
const commanded = async (target = v2, change = {}): Promise<UpdateUnderTest> => {
  const unit = await idle(change);
  unit.actor.send({ type: 'update.pursue', target });
  unit.begin(target);
  return unit;
};
const postponements = (unit: UpdateUnderTest) => unit.told().filter(({ type }) => type === 'update.postponed');

describe('a commanded update that can not be had now (U24)', () => {
  test('is tried again, later each time, and is no update under way meanwhile', async () => {
    const unit = await commanded();
    for (const [attempts, waitMs] of [2500, 5000, 10_000].entries()) {
      await unit.download.reject(failing('network'));
      expect(unit.state().matches('waiting')).toBe(true);
      expect(unit.state().hasTag('ready')).toBe(true);
      expect(unit.parent.types().at(-1)).toBe('update.settled');
      expect(postponements(unit).at(-1)).toMatchObject({ target: v2, phase: 'downloading', attempts: attempts + 1 });
      unit.clock.increment(waitMs - 1);
      expect(unit.download.runs).toHaveLength(attempts + 1);
      unit.clock.increment(1);
      expect(unit.download.runs).toHaveLength(attempts + 2);
    }
    await unit.download.resolve(staged);
    await unit.verify.resolve();
    await unit.stage.resolve(staged);
    await unit.swap.resolve();
    expect(unit.state().value).toBe('restarting');
    expect(unit.parent.types().filter((type) => type === 'update.began')).toHaveLength(1);
    await unit.restart.resolve();
    expect(unit.state().value).toBe('idle');
  });

  test('waits for as long as the server says', async () => {
    const unit = await commanded();
    await unit.download.reject(busy);
    unit.clock.increment(120_000);
    expect(unit.download.runs).toHaveLength(1);
    unit.clock.increment(2500);
    expect(unit.download.runs).toHaveLength(2);
  });

  test('is tried again when the program alone could not be had, and nothing stays staged', async () => {
    const compiled = { ...v2, firmwareLink: 'https://host/two' };
    const unit = await commanded(compiled, { isCompiled: true });
    for (const fail of [() => unit.stage.reject(failing('network')), async () => unit.clock.increment(600_000)]) {
      await unit.download.resolve(staged);
      await unit.verify.resolve();
      await fail();
      expect(unit.discard.last().input).toEqual({ staged });
      await unit.discard.resolve();
      expect(unit.state().matches('waiting')).toBe(true);
      unit.clock.increment(5000);
      expect(unit.download.last().input).toEqual({ target: compiled });
    }
  });

  test('is tried again after an attempt that took too long', async () => {
    const unit = await commanded();
    unit.clock.increment(600_000);
    expect(postponements(unit)).toMatchObject([{ failure: { code: 'timeout' } }]);
    unit.clock.increment(2500);
    expect(unit.download.runs).toHaveLength(2);
  });

  test.each(['malformed', 'hostile', 'tooLarge', 'incomplete', 'version', 'space'])(
    'is given up at once when its archive is refused: %s',
    async (code) => {
      const unit = await commanded();
      await unit.download.reject(failing(code));
      expect(unit.told().at(-1)).toMatchObject({ type: 'update.failed', phase: 'downloading', failure: { code } });
      expect(unit.state().value).toBe('idle');
    },
  );

  test('is given up after a day', async () => {
    const unit = await commanded();
    let waitedMs = 0;
    for (; unit.state().value !== 'idle';) {
      await unit.download.reject(failing('network'));
      const due = unit.download.runs.length + 1;
      for (; unit.state().matches('waiting') && unit.download.runs.length < due; waitedMs += 2500)
        unit.clock.increment(2500);
    }
    expect(waitedMs / hour).toBeGreaterThanOrEqual(24);
    expect(waitedMs / hour).toBeLessThan(24.1);
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.failed', phase: 'downloading' });
    unit.clock.increment(48 * hour);
    expect(unit.state().value).toBe('idle');
  });

  test('gives way to a newer command, which is tried again in its place', async () => {
    const unit = await commanded();
    await unit.download.reject(failing('network'));
    unit.actor.send({ type: 'update.pursue', target: v3 });
    unit.begin(v3);
    await unit.download.reject(failing('network'));
    unit.clock.increment(2500);
    expect(unit.download.runs.map(({ input }) => input.target)).toEqual([v2, v3, v3]);
  });

  test('gives way to a newer command that came during the attempt', async () => {
    const unit = await commanded();
    unit.actor.send({ type: 'update.pursue', target: v3 });
    unit.begin(v3);
    await unit.download.reject(failing('network'));
    expect(unit.download.last().input).toEqual({ target: v3 });
    await unit.download.reject(failing('network'));
    expect(postponements(unit)).toMatchObject([{ target: v3 }]);
  });

  test('gives way to a newer command that came while it was put in place', async () => {
    const unit = await commanded(v2, { mode: 'no_restart' });
    await unit.download.resolve(staged);
    unit.actor.send({ type: 'update.pursue', target: v3 });
    unit.begin(v3);
    await unit.verify.resolve();
    await unit.stage.resolve(staged);
    await unit.swap.resolve();
    await unit.download.reject(failing('network'));
    expect(postponements(unit)).toMatchObject([{ target: v3 }]);
  });

  test('gives way to what the app starts itself, which is tried once', async () => {
    const unit = await commanded();
    await unit.download.reject(failing('network'));
    unit.begin(v3);
    await unit.download.reject(failing('network'));
    expect(unit.told().at(-1)).toMatchObject({ type: 'update.failed', target: v3 });
    unit.clock.increment(24 * hour);
    expect(unit.download.runs).toHaveLength(2);
  });

  test('is tried at once when the app asks for the same, and again after that', async () => {
    const unit = await commanded();
    await unit.download.reject(failing('network'));
    unit.begin(v2);
    expect(unit.download.runs).toHaveLength(2);
    await unit.download.reject(failing('network'));
    expect(postponements(unit).at(-1)).toMatchObject({ attempts: 2 });
    unit.clock.increment(5000);
    expect(unit.download.runs).toHaveLength(3);
  });
});

describe('while an update waits to be tried again', () => {
  test('the target is asked for after a connect, and the same one is tried at once', async () => {
    const unit = await commanded();
    await unit.download.reject(failing('network'));
    unit.connect();
    expect(unit.state().matches({ waiting: { target: 'asking' } })).toBe(true);
    await unit.askTarget.resolve('v2');
    expect(unit.download.runs).toHaveLength(2);
    await unit.download.reject(failing('network'));
    expect(postponements(unit).at(-1)).toMatchObject({ attempts: 2 });
  });

  test('the same target waits for as long as the server has said', async () => {
    const unit = await commanded();
    await unit.download.reject(busy);
    unit.connect();
    await unit.askTarget.resolve('v2');
    expect(unit.state().matches('waiting')).toBe(true);
    unit.clock.increment(122_500);
    expect(unit.download.runs).toHaveLength(2);
  });

  test('another target of the instance takes its place', async () => {
    const unit = await commanded();
    await unit.download.reject(failing('network'));
    unit.connect();
    await unit.askTarget.resolve('v3');
    expect(unit.download.last().input).toEqual({ target: v3 });
    await unit.download.reject(failing('network'));
    unit.clock.increment(2500);
    expect(unit.download.last().input).toEqual({ target: v3 });
  });

  test.each([401, 403, 404, 500, 429])(
    'it is, at its own time, though the question is never answered: %i',
    async (status) => {
      const unit = await commanded();
      await unit.download.reject(failing('network'));
      unit.connect();
      const asked = new RestError('status', 'no', { status, ...(status === 429 && { retryAfterMs: 3_600_000 }) });
      for (let attempts = 2; attempts < 12; attempts += 1) {
        for (let waitedMs = 0; unit.download.runs.length < attempts && waitedMs < 600_000; waitedMs += 500) {
          if (unit.state().matches({ waiting: { target: 'asking' } })) await unit.askTarget.reject(asked);
          unit.clock.increment(500);
        }
        expect(unit.download.runs).toHaveLength(attempts);
        await unit.download.reject(failing('network'));
      }
      expect(unit.askTarget.runs.length).toBeGreaterThanOrEqual(status === 429 ? 1 : 3);
    },
  );

  test('the question is asked at its own time, though the server wants the version left alone for an hour', async () => {
    const unit = await commanded();
    await unit.download.reject(new RestError('status', 'no', { status: 429, retryAfterMs: 3_600_000 }));
    unit.connect();
    for (const waitMs of [2500, 5000, 10_000]) {
      await unit.askTarget.reject(failing('network'));
      unit.clock.increment(waitMs);
      expect(unit.state().matches({ waiting: { target: 'asking', version: 'postponed' } })).toBe(true);
    }
    await unit.askTarget.resolve('v3');
    expect(unit.download.last().input).toEqual({ target: v3 });
  });

  test('a command that comes during the question is followed at once, and the question is asked after it', async () => {
    const unit = await commanded(v2, { mode: 'no_restart' });
    await unit.download.reject(failing('hostile'));
    unit.connect();
    unit.begin(v3);
    expect(unit.state().value).toBe('downloading');
    await unit.download.resolve(staged);
    await unit.verify.resolve();
    await unit.stage.resolve(staged);
    await unit.swap.resolve();
    expect(unit.askTarget.runs).toHaveLength(2);
  });

  test('the handler of the app, set meanwhile, gets the next command and nothing is left to try', async () => {
    const unit = await commanded();
    await unit.download.reject(failing('network'));
    unit.actor.send({ type: 'update.configure', handsOver: true });
    unit.begin(v2);
    await unit.handOver.resolve();
    expect(unit.state().value).toBe('idle');
  });
});
