import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { baseTopics, commandTopic, writeUnitDocuments } from '../../support/documents.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { startHttpServer, type HttpServer } from '../../support/http-server.ts';
import { describeWithMosquitto, startMosquitto, type Mosquitto } from '../../support/mosquitto.ts';
import { until } from '../../support/until.ts';

const payloads: Readonly<Record<string, string>> = {
  update: '{"COMMAND":"Update","PU_COMMIT_VERSION":"bbbb"}',
  env_update: '{"COMMAND":"EnvUpdate"}',
  schema_update: '{"COMMAND":"SchemaUpdate"}',
  log_sync: '{"COMMAND":"LogSync"}',
  reset: '{"COMMAND":"Reset"}',
};
const names = baseTopics.input_base_topic.map((key) => key.split('/')[0] ?? '');

describeWithMosquitto('a command with the retain flag', () => {
  let broker: Mosquitto;
  let instance: HttpServer;
  let operator: MqttClient;
  let client: PepeunitClient;
  let seen: string[];

  beforeEach(async () => {
    broker = await startMosquitto();
    instance = await startHttpServer((_, response) => response.writeHead(500).end());
    operator = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
    client = new PepeunitClient({
      ...(await writeUnitDocuments(await temporaryFolder(), {
        PU_DOMAIN: new URL(instance.origin).host,
        PU_MQTT_PORT: broker.port,
      })),
      ffConsoleLogEnable: false,
      mqtt: { spreadMs: 0 },
    });
    seen = [];
    client.setMqttInputHandler((_, { topic, retained }) => void seen.push(`${topic} ${retained}`));
  });
  afterEach(async () => {
    await client.stopMainCycle();
    await operator.endAsync();
    await Promise.all([broker.stop(), instance.stop()]);
  });

  const command = (name: string, retain: boolean) =>
    operator.publishAsync(commandTopic(name), payloads[name] ?? '', { qos: 1, retain });
  const passedOver = async () => {
    const entries = await client.logger.getFullLog();
    return entries.filter(({ text }) => String(text).includes('passed over'));
  };

  test.each(names)(
    '%s is passed over at every connect, with one warning, and reaches the handler (C13)',
    async (name) => {
      await command(name, true);
      await client.ready();
      await until(() => seen.length === 1, { what: 'the retained message' });
      for (let connects = 2; connects <= 4; connects += 1) {
        await client.mqttClient.disconnect();
        await client.mqttClient.connect();
        await until(() => seen.length === connects, { what: 'the retained message again' });
      }
      expect(seen).toEqual(Array(4).fill(`${commandTopic(name)} true`));
      expect(Object.values(client.metrics().commands)).toEqual(names.map(() => 0));
      const warned = await passedOver();
      expect(warned).toMatchObject([{ level: 'Warning' }]);
      expect(warned[0]?.text).toContain(`retained command ${name} was passed over`);
      expect(warned[0]?.text).toContain(commandTopic(name));
      expect(instance.requests.filter(({ url }) => !url.includes('get_target_version'))).toEqual([]);
    },
  );

  test('is obeyed where it comes while the unit is there, and without the flag it always is', async () => {
    await client.ready();
    await command('log_sync', true);
    await until(() => client.metrics().commands.log_sync === 1);
    await command('log_sync', false);
    await until(() => client.metrics().commands.log_sync === 2);
    expect(await passedOver()).toEqual([]);
  });
});
