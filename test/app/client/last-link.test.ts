import { stat } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestUnit, testUuid, type TestUnit } from '../../../app/testing.ts';
import { BrokerError } from '../../../services/errors.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { settle, until } from '../../support/until.ts';

test('a unit that was online has its broker in a private file, and no token in it (U11, C1, C3)', async () => {
  const unit = await createLiveUnit();
  onTestFinished(() => unit.stop());
  await unit.client.ready();
  const file = unit.path('.pepeunit/link.json');
  const text = await until(() => unit.read('.pepeunit/link.json').catch(() => undefined));
  const { PU_MQTT_HOST, PU_MQTT_PORT, PU_AUTH_TOKEN } = JSON.parse(await unit.read('env.json')) as Record<
    string,
    unknown
  >;
  expect(JSON.parse(text)).toEqual({ format: 1, scheme: 'mqtt', host: PU_MQTT_HOST, port: PU_MQTT_PORT });
  expect(text).not.toContain(PU_AUTH_TOKEN);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

const linkOf = ({ world }: TestUnit) => world.storage.readJson('.pepeunit/link.json');

test('the broker that took the link is kept, not the one that was tried first', async () => {
  const unit = createTestUnit({ mqtt: { brokers: ['mqtt://first.test', 'wss://second.test/mqtt'] } });
  vi.spyOn(unit.world.broker, 'open').mockRejectedValueOnce(new BrokerError('network', 'refused'));
  await unit.client.ready();
  await until(async () => (await linkOf(unit)) !== undefined);
  expect(await linkOf(unit)).toMatchObject({ scheme: 'wss', host: 'second.test', path: '/mqtt' });
});

test('a link without all of its base topics is not a good one', async () => {
  const unit = createTestUnit();
  unit.world.broker.deny(`simulated.test/input_base_topic/${testUuid}/update/pepeunit`);
  await unit.client.ready();
  await settle();
  expect(await linkOf(unit)).toBeUndefined();
});

test('a stop waits for the record of the broker to be written (M12)', async () => {
  const unit = createTestUnit();
  const finish: (() => void)[] = [];
  vi.spyOn(unit.world.storage, 'writeJson').mockImplementation(() => new Promise((resolve) => finish.push(resolve)));
  await unit.client.ready();
  await settle();
  let isStopped = false;
  const stopped = unit.client.stopMainCycle().then(() => (isStopped = true));
  await settle();
  expect(isStopped).toBe(false);
  for (const end of finish) end();
  await stopped;
});
