import { afterEach, beforeEach, expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { writeUnitDocuments } from '../../support/documents.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { describeWithMosquitto, startMosquitto, type Mosquitto } from '../../support/mosquitto.ts';
import { laySlowLine, type SlowLine } from '../../support/slow-line.ts';
import { until } from '../../support/until.ts';

describeWithMosquitto('a line of 500 bytes a second', () => {
  let broker: Mosquitto;
  let line: SlowLine;
  let client: PepeunitClient;
  beforeEach(async () => {
    broker = await startMosquitto({ lines: ['log_dest stderr', 'log_type all'] });
    line = await laySlowLine(broker.port, 500);
    client = new PepeunitClient({
      ...(await writeUnitDocuments(await temporaryFolder(), { PU_MQTT_PORT: line.port, PU_MQTT_PING_INTERVAL: 5 })),
      ffConsoleLogEnable: false,
      ffMqttLogEnable: false,
    });
  });
  afterEach(async () => {
    await client.stopMainCycle();
    await line.stop();
    await broker.stop();
  });

  test('a unit with messages of 8 KB delivers all, and asks for a topic meanwhile, over one connection (M20)', async () => {
    const offline: unknown[] = [];
    client.on('offline', (event) => offline.push(event));
    await client.ready();
    await client.mqttClient.publish('large/0', 'x'.repeat(8000));
    const delivered = [1, 2].map((at) =>
      client.mqttClient.publishDetailed(`large/${at}`, 'ж'.repeat(4000), { qos: 1 }),
    );
    client.mqttClient.subscribeTopics(['late/#']);
    const outcomes = await Promise.all(delivered);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']);
    await until(() => broker.said().includes('late/#'));
    for (const at of [0, 1, 2])
      await expect
        .poll(() => broker.said())
        .toMatch(new RegExp(`Received PUBLISH .*'large/${at}', .*\\(8000 bytes\\)`));
    expect(client.mqttClient.isConnected()).toBe(true);
    expect(offline).toEqual([]);
    expect(line.connections()).toBe(1);
  }, 180_000);
});
