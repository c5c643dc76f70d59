import { afterEach, beforeEach, expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { describeWithMosquitto, startMosquitto, type Mosquitto } from '../../support/mosquitto.ts';
import { writeUnitDocuments, type UnitPaths } from '../../support/documents.ts';
import { temporaryFolder } from '../../support/folder.ts';

describeWithMosquitto('a broker that denies topics', () => {
  let folder: string;
  let paths: UnitPaths;
  let broker: Mosquitto;
  let client: PepeunitClient;
  beforeEach(async () => {
    folder = await temporaryFolder();
    const acl = 'pattern readwrite unit.test/#\n';
    broker = await startMosquitto({ lines: ['acl_file %folder%/acl'], files: { acl } });
    paths = await writeUnitDocuments(folder, { PU_MQTT_PORT: broker.port });
  });
  afterEach(async () => {
    await client.stopMainCycle();
    await broker.stop();
  });

  const unit = (protocol: 4 | 5) =>
    new PepeunitClient({
      ...paths,
      ffConsoleLogEnable: false,
      mqtt: { protocol },
    });
  const allowed = 'unit.test/33333333-3333-4333-8333-333333333333/pepeunit';
  const notAuthorized = {
    outcome: 'refused',
    reasonCode: 0x87,
    reason: expect.stringContaining('denied/topic') as string,
  };

  test('with MQTT 5 its reason code reaches who publishes, at once and after a wait (M8, S8)', async () => {
    client = unit(5);
    const { mqttClient } = client;
    const waited = mqttClient.publishDetailed('denied/topic', 'x', { qos: 1, until: 'settled' });
    await mqttClient.connect();
    expect(await waited).toEqual(notAuthorized);
    expect(mqttClient.metrics().dead).toBe(1);
    expect(await mqttClient.publishDetailed('denied/topic', 'x', { qos: 1 })).toEqual(notAuthorized);
    expect(await mqttClient.publishDetailed('denied/topic', 'x', { qos: 2 })).toEqual(notAuthorized);
    expect(await mqttClient.publishDetailed('denied/topic', 'x'), 'nobody acknowledges QoS 0').toEqual({
      outcome: 'delivered',
    });
    expect(await mqttClient.publishDetailed(allowed, 'x', { qos: 1 })).toEqual({ outcome: 'delivered' });
    expect(mqttClient.isConnected()).toBe(true);
  });

  test('with MQTT 3.1.1 it has no way to say so: what it acknowledges counts as delivered (M8)', async () => {
    client = unit(4);
    const { mqttClient } = client;
    await mqttClient.connect();
    expect(await mqttClient.publishDetailed('denied/topic', 'x', { qos: 1 })).toEqual({ outcome: 'delivered' });
    expect(await mqttClient.publishDetailed(allowed, 'x', { qos: 1 })).toEqual({ outcome: 'delivered' });
    expect(mqttClient.isConnected()).toBe(true);
  });
});
