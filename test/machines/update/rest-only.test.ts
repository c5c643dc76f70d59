import { expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { onTrial, woken } from './under-test.ts';

const tried = async () => {
  const unit = await woken(onTrial(), { isRestOnly: true });
  expect(unit.state().value).toEqual({ trial: { proving: 'connecting' } });
  unit.actor.send({ type: 'update.askTarget' });
  return unit;
};
const proving = { trial: { proving: 'reaching' } };

test('without MQTT, an answer over REST and the app confirm a version (U11)', async () => {
  const unit = await tried();
  expect(unit.state().value).toEqual(proving);
  await unit.askTarget.resolve('v2');
  expect(unit.state().value).toEqual({ trial: { proving: 'asking' } });
  await unit.checkReady.resolve();
  await unit.confirm.resolve();
  expect(unit.told().map(({ type }) => type)).toEqual(['update.tried', 'update.confirmed']);
});

test('an instance that does not answer is asked again in time, and the trial waits while it is away (U11)', async () => {
  const unit = await tried();
  await unit.askTarget.reject(failing('network'));
  expect(unit.state().value).toEqual({ trial: { proving: 'unreached' } });
  unit.clock.increment(5_000);
  expect(unit.state().value).toEqual(proving);
  unit.clock.increment(60_000);
  expect(unit.state().value).toEqual({ trial: 'probing' });
  await unit.probe.resolve(false);
  expect(unit.state().value).toEqual({ trial: 'waiting' });
  expect(unit.told().at(-1)).toMatchObject({ type: 'update.waiting', version: 'v2' });
});

test('an instance that does not answer in half a minute did not answer', async () => {
  const unit = await tried();
  unit.clock.increment(29_999);
  expect(unit.state().value).toEqual(proving);
  unit.clock.increment(1);
  expect(unit.state().value).toEqual({ trial: { proving: 'unreached' } });
});

test('a version that the instance refuses is given up at its last call (U11)', async () => {
  const unit = await tried();
  for (let call = 0; call < 2; call += 1) {
    await unit.askTarget.reject(failing('status'));
    unit.clock.increment(60_000);
    await unit.probe.resolve(true);
    if (call === 0) await unit.endWait.resolve();
  }
  expect(unit.state().value).toBe('rollingBack');
  expect(unit.told().at(-1)).toMatchObject({
    type: 'update.failed',
    failure: { code: 'offline', message: 'the instance did not answer over REST within 60 s' },
  });
});

test('an app that is not ready fails the version, although the instance answers', async () => {
  const unit = await tried();
  await unit.askTarget.resolve('v2');
  unit.clock.increment(60_000);
  expect(unit.state().value).toBe('rollingBack');
  expect(unit.told().at(-1)).toMatchObject({
    failure: { code: 'unhealthy', message: 'the app was not ready within 60 s' },
  });
});
