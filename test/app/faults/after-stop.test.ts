import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { createTestUnit } from '../../../app/testing.ts';
import { ProcessError } from '../../../services/errors.ts';
import { startHttpServer, type HttpServer } from '../../support/http-server.ts';
import { writeUnitDocuments } from '../../support/documents.ts';
import { until } from '../../support/until.ts';
import { temporaryFolder } from '../../support/folder.ts';

describe('calls that an instance leaves unanswered', () => {
  let folder: string;
  let server: HttpServer;
  beforeEach(async () => {
    folder = await temporaryFolder();
    server = await startHttpServer(() => undefined);
  });
  afterEach(async () => {
    await server.stop();
  });

  const calls: Readonly<Record<string, (client: PepeunitClient) => Promise<unknown>>> = {
    getStateStorage: (client) => client.getStateStorage(),
    setStateStorage: (client) => client.setStateStorage('x'),
    performUpdate: (client) => client.performUpdate(),
    'downloadEnv to a path': (client) => client.downloadEnv(join(folder, 'other.json')),
    'downloadSchema to a path': (client) => client.downloadSchema(join(folder, 'other.json')),
    downloadUpdate: (client) => client.restClient.downloadUpdate(join(folder, 'update.tgz')),
    getInputByOutput: (client) => client.restClient.getInputByOutput('a/b'),
    getUnitsByNodes: (client) => client.restClient.getUnitsByNodes(['a']),
  };

  test.each(Object.entries(calls))('%s ends with the unit, and lets its connection go (M12)', async (_, call) => {
    const client = new PepeunitClient({
      ...(await writeUnitDocuments(folder, { PU_DOMAIN: new URL(server.origin).host })),
      ffConsoleLogEnable: false,
    });
    const outcome = call(client).then(
      () => 'done',
      (error: unknown) => (error as { code?: unknown }).code,
    );
    await until(() => server.requests.length === 1);
    await client.stopMainCycle();
    expect(await outcome).toBe('aborted');
    await until(async () => (await server.connections()) === 0);
  });
});

test('connectForever ends with the unit', async () => {
  const { client, world } = createTestUnit({ env: { PUC_WIFI_SSID: 'nowhere', PUC_WIFI_PASS: 'wifi-of-nowhere' } });
  world.wifi.drop();
  const outcome = client.wifiManager.connectForever().then(
    () => 'linked',
    (error: unknown) => (error as { code?: unknown }).code,
  );
  await client.stopMainCycle();
  await until(() => {
    world.clock.advance(1000);
    return world.clock.pending === 0;
  });
  expect(await outcome).toBe('stopped');
});

test('disconnecting after the stop does nothing', async () => {
  const { client } = createTestUnit();
  await client.ready();
  await client.stopMainCycle();
  await client.mqttClient.disconnect();
  expect(client.mqttClient.isConnected()).toBe(false);
});

test('a restart that fails after the stop starts nothing again', async () => {
  const { client, world } = createTestUnit();
  let calls = 0;
  client.setOutputHandler(() => (calls += 1));
  const running = client.runMainCycle();
  await client.ready();
  await client.stopMainCycle();
  await running;
  world.process.failNext(new ProcessError('spawn', 'no'));
  await expect(client.restartDevice()).rejects.toThrow(ProcessError);
  const before = calls;
  world.clock.advance(60_000);
  expect(calls).toBe(before);
  expect({ isOpen: world.outbox.isOpen, timers: world.clock.pending }).toEqual({ isOpen: false, timers: 0 });
});

test('a handler that never settles is not waited for after the stop', async () => {
  const { client, world } = createTestUnit();
  let calls = 0;
  client.setMqttInputHandler(() => {
    calls += 1;
    return new Promise(() => undefined);
  });
  await client.ready();
  const [topic = ''] = client.schema.inputTopic['input/pepeunit'] ?? [];
  world.broker.send(topic, 'x');
  world.broker.send(topic, 'y');
  await until(() => calls === 1);
  await client.stopMainCycle();
  expect(world.clock.pending).toBe(0);
});

test('handlers that are set before the start start nothing', () => {
  const { client, world } = createTestUnit();
  client.setMqttInputHandler(() => undefined);
  client.setOutputHandler(() => undefined);
  client.setCustomUpdateHandler(() => undefined);
  expect(world.clock.pending).toBe(0);
});

test('a custom update handler that is set before the start gets the update', async () => {
  const { client } = createTestUnit();
  const seen: unknown[] = [];
  client.setCustomUpdateHandler((_unit, payload) => seen.push(payload));
  await client.ready();
  client.actor.send({ type: 'command.received', command: 'update', target: { commitVersion: 'x', payload: { a: 1 } } });
  await until(() => seen.length === 1);
  expect(seen).toEqual([{ a: 1 }]);
  await client.stopMainCycle();
});
