import { expect, onTestFinished, test } from 'vitest';
import type { PepeunitClient } from '../../../app/node.ts';
import { createTestUnit } from '../../../app/testing.ts';
import { RestError } from '../../../services/errors.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { settle, until } from '../../support/until.ts';

const createUnit = async () => {
  const live = await createLiveUnit({ ffMqttEnable: false });
  onTestFinished(() => live.stop());
  const links: unknown[] = [];
  live.instance.events.on('connect', (event) => links.push(event));
  return { ...live, links };
};

test('a unit without MQTT is ready without a link, and uses REST', async () => {
  const { client, instance, row, links } = await createUnit();
  await client.ready();
  await client.ready();
  await client.setStateStorage('хранится');
  expect(await client.getStateStorage()).toBe('хранится');
  await instance.operator.setEnv(row.uuid, { PU_STATE_SEND_INTERVAL: 77 });
  await client.downloadEnv();
  await client.settings.update({ PU_MQTT_KEEPALIVE: 30 });
  expect(client.settings.PU_STATE_SEND_INTERVAL).toBe(77);
  let calls = 0;
  client.setOutputHandler(() => (calls += 1));
  const running = client.runMainCycle({ cycleMs: 1 });
  await until(() => calls > 1);
  await client.stopMainCycle();
  await running;
  expect(links).toEqual([]);
});

test('what needs MQTT is refused there, and nothing waits for ever', async () => {
  const { client } = await createUnit();
  await client.ready();
  client.logger.enable('mqtt');
  client.logger.info('for the console and the file alone');
  expect(await client.publishToTopics('output/pepeunit', 'x')).toBe(false);
  expect(await client.mqttClient.publishDetailed('some/topic', 'x')).toMatchObject({ outcome: 'refused' });
  for (const attempt of [
    client.mqttClient.connect(),
    client.mqttClient.ensureConnected(),
    client.logger.syncLogsToMqtt(),
  ]) {
    await expect(attempt).rejects.toMatchObject({ name: 'ClientError', code: 'unsupported' });
  }
  await client.mqttClient.disconnect();
  expect(client.mqttClient.isConnected()).toBe(false);
  expect(client.metrics().outbox.waiting).toBe(0);
  const log = await client.logger.getFullLog();
  expect(log).toContainEqual(
    expect.objectContaining({ level: 'Warning', text: expect.stringContaining('ffMqttEnable') }),
  );
});

test('it asks for its target at each start, updates to it, and REST proves the new version (U11, M18)', async () => {
  const { client, another, instance, row, addVersion, read, links } = await createUnit();
  const commit = await addVersion('version 2');
  await instance.operator.sendCommand(row.uuid, 'Update');
  const finished = new Promise((resolve) => client.on('updateFinished', resolve));
  await client.ready();
  await finished;
  expect(await read('program.txt')).toBe('version 2');
  await client.stopMainCycle();
  const next: PepeunitClient = another({ update: { ready: () => next.getStateStorage() } });
  const confirmed = new Promise((resolve) => next.on('updateConfirmed', resolve));
  await next.ready();
  expect(await confirmed).toMatchObject({ version: commit });
  expect(links).toEqual([]);
});

test('a start without an instance is normal, and it asks again until it is there (M16, U24)', async () => {
  const { client, world } = createTestUnit({ ffMqttEnable: false });
  const away = new RestError('network', 'nobody there');
  for (let n = 0; n < 3; n += 1) world.http.fail('getTargetVersion', away);
  world.http.documents.targetVersion = { commit: 'first', tag: null };
  await client.ready();
  const asked = () => world.http.calls.filter(({ call }) => call === 'getTargetVersion').length;
  while (asked() < 4) {
    await settle();
    world.clock.advance(1_000);
  }
  for (let turn = 0; turn < 5; turn += 1) await settle();
  world.clock.advance(24 * 3_600_000);
  await settle();
  expect(asked()).toBe(4);
  expect(client.actor.getSnapshot().matches({ lifecycle: { operating: 'restOnly' } })).toBe(true);
});

test('without its documents it is misconfigured, like any unit', async () => {
  const { client, world } = createTestUnit({ ffMqttEnable: false });
  world.storage.documents.clear();
  await expect(client.ready()).rejects.toMatchObject({ name: 'SettingsError', code: 'missing' });
});
