import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeClock, memoryWifi, createTestUnit } from '../../../app/testing.ts';
import { until } from '../../support/until.ts';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { settle } from '../../support/until.ts';
import { inputNode, outputNode } from './rows.ts';

let live: LiveUnit;
beforeEach(async () => {
  live = await createLiveUnit();
});
afterEach(() => live.stop());

const textsOnMqtt = () => live.instance.operator.logList(live.row.uuid).unit_logs.map(({ text }) => text);

test('limit and offset may be given one by one', async () => {
  await live.instance.operator.createEdge(outputNode(live), inputNode(live));
  const topic = live.topic('output_topic', 'output/pepeunit');
  const { restClient } = live.client;
  expect(await restClient.getInputByOutput(topic, 10, 0)).toMatchObject({ unit_nodes: [{ uuid: inputNode(live) }] });
  expect(await restClient.getInputByOutput(topic, 10, 1)).toMatchObject({ unit_nodes: [] });
  expect(await restClient.getInputByOutput(topic, 10)).toMatchObject({ count: 1 });
  expect(await restClient.getUnitsByNodes([inputNode(live)], 1, 0)).toMatchObject({ units: [{ uuid: live.row.uuid }] });
  expect(await restClient.getUnitsByNodes([inputNode(live)], 1, 1)).toMatchObject({ units: [] });
});

test('a log call takes fileOnly by its place', async () => {
  const { client } = live;
  await client.ready();
  for (const level of ['debug', 'info', 'warning', 'error', 'critical'] as const) {
    client.logger[level](`${level} for the file`, true);
    client.logger[level](`${level} for all`, false);
  }
  const texts = (await client.logger.getFullLog()).map(({ text }) => text);
  expect(texts).toEqual(expect.arrayContaining(['critical for the file', 'critical for all']));
  await until(() => textsOnMqtt().includes('critical for all'));
  await client.stopMainCycle();
  expect(textsOnMqtt().filter((text) => text.endsWith('for the file'))).toEqual([]);
});

test('the main cycle takes its time by its place, and refuses a wrong one', async () => {
  let calls = 0;
  live.client.setOutputHandler((unit) => {
    calls += 1;
    void unit.stopMainCycle();
  });
  await live.client.runMainCycle(1);
  expect(calls).toBe(1);
  await expect(live.another().runMainCycle(0)).rejects.toMatchObject({ code: 'options' });
});

test('the wifi manager takes its time limit by its place', async () => {
  const clock = fakeClock();
  const wifi = memoryWifi({ clock, joinMs: 60_000, networks: { home: '' } });
  const { client } = createTestUnit({ env: { PUC_WIFI_SSID: 'home' }, adapters: { clock, wifi } });
  let isJoined: boolean | undefined;
  void client.wifiManager.connectOnce(5_000).then((joined) => (isJoined = joined));
  await settle();
  clock.advance(5_001);
  await settle();
  expect(isJoined, 'it gives up after 5 s').toBe(false);
});

test('a kind or a scope of search that there is not finds nothing', async () => {
  const find = live.client.schema.findTopicByUnitNode;
  const topic = live.topic('output_topic', 'output/pepeunit');
  for (const type of ['full', 'toString', '__proto__', undefined]) expect(find(topic, type as never)).toBeUndefined();
  for (const scope of ['inputs', 'constructor', null]) expect(find(topic, 'full_name', scope as never)).toBeUndefined();
  expect(find(topic, 'full_name')).toBe('output/pepeunit');
});

test('a time sync that no server answers is false, with one warning, and the time goes on', async () => {
  const { client, world } = createTestUnit();
  world.clockSource.failNext(new Error('nobody there'));
  const before = client.timeManager.getEpochMs();
  expect(await client.timeManager.syncEpochMsFromNtp()).toBe(false);
  expect(client.timeManager.getEpochMs()).toBeGreaterThanOrEqual(before);
  const warned = world.console.entries.filter(({ level }) => level === 'Warning');
  expect(warned).toMatchObject([{ text: 'Time was not synchronised: nobody there' }]);
  await client.stopMainCycle();
  await expect(client.timeManager.syncEpochMsFromNtp()).rejects.toMatchObject({ code: 'stopped' });
});
