import { expect, test } from 'vitest';
import { PepeunitClient } from '../../../../app/node.ts';
import { schemaDocument, writeUnitDocuments } from '../../../support/documents.ts';
import { temporaryFolder } from '../../../support/folder.ts';
import { describeWithMosquitto, startMosquitto } from '../../../support/mosquitto.ts';
import { later } from '../../../support/mqtt.ts';
import { until } from '../../../support/until.ts';

const lines = ['log_dest stderr', 'log_type all'];
const [outputTopic] = (schemaDocument()['output_topic'] as Record<string, string[]>)['output/pepeunit'] ?? [];

/** Payload sizes of the messages on the output topic that a broker's log tells of. */
const sizesIn = (said: string): Set<number> =>
  new Set(
    [...said.matchAll(/Received PUBLISH .*'(.+)', \.\.\. \((\d+) bytes\)/g)]
      .filter(([, topic]) => topic === outputTopic)
      .map(([, , bytes]) => Number(bytes)),
  );

describeWithMosquitto('a broker that freezes, is killed, and is replaced', () => {
  test('costs none of 100 messages that were published meanwhile with default options (S5, M6)', async () => {
    const frozen = later(await startMosquitto({ lines }));
    const client = new PepeunitClient({
      ...(await writeUnitDocuments(await temporaryFolder(), {
        PU_MQTT_PORT: frozen.port,
        PU_MQTT_PING_INTERVAL: 2,
        PU_MQTT_KEEPALIVE: 6,
      })),
      ffConsoleLogEnable: false,
      ffMqttLogEnable: false,
    });
    later({ stop: () => client.stopMainCycle() });
    await client.ready();
    frozen.signal('SIGSTOP');
    const accepted = Array.from({ length: 100 }, (_, index) =>
      client.publishToTopics('output/pepeunit', 'x'.repeat(index + 1)),
    );
    await until(() => !client.mqttClient.isConnected(), { what: 'the frozen broker is noticed' });
    const seen = sizesIn(frozen.said());
    await frozen.stop();
    const replaced = later(await startMosquitto({ lines, port: frozen.port }));
    expect(await Promise.all(accepted)).toEqual(Array(100).fill(true));
    await until(() => client.mqttClient.isConnected(), { what: 'the next link' });
    await until(() => client.mqttClient.metrics().waiting + client.mqttClient.metrics().sending === 0);
    const lost = () => {
      const came = new Set([...seen, ...sizesIn(replaced.said())]);
      return accepted.map((_, index) => index + 1).filter((bytes) => !came.has(bytes));
    };
    await expect.poll(lost).toEqual([]);
  });
});
