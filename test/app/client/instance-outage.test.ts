import { expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { startAskingMosquitto } from '../../support/asking-mosquitto.ts';
import { schemaDocument, tokenOf, writeUnitDocuments } from '../../support/documents.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { describeWithMosquitto, type Mosquitto } from '../../support/mosquitto.ts';
import { later } from '../../support/mqtt.ts';
import { until } from '../../support/until.ts';

const count = 120;
const [outputTopic] = (schemaDocument()['output_topic'] as Record<string, string[]>)['output/pepeunit'] ?? [];

const startBroker = async (isGranting: boolean, port?: number) =>
  later(await startAskingMosquitto(tokenOf(), { isGranting, ...(port !== undefined && { port }) }));

/** Payload sizes of the messages on the output topic that were taken. */
const taken = (brokers: readonly Mosquitto[]): Set<number> =>
  new Set(
    brokers
      .flatMap(({ said }) => [...said().matchAll(/^\d+: Received PUBLISH .*'(.+)', \.\.\. \((\d+) bytes\)/gm)])
      .filter(([, topic]) => topic === outputTopic)
      .map(([, , bytes]) => Number(bytes)),
  );

const createUnit = async (port: number, protocol: 4 | 5) => {
  const client = new PepeunitClient({
    ...(await writeUnitDocuments(await temporaryFolder(), { PU_MQTT_PORT: port, PU_MIN_LOG_LEVEL: 'Info' })),
    ffConsoleLogEnable: false,
    mqtt: { protocol },
    outbox: { rate: false },
    adapters: { random: () => 0.1 },
  });
  later({ stop: () => client.stopMainCycle() });
  await client.ready();
  return client;
};

const publishAll = (client: PepeunitClient) =>
  Promise.all(
    Array.from({ length: count }, (_, index) => client.publishToTopics('output/pepeunit', 'x'.repeat(index + 1))),
  );

const everySize = Array.from({ length: count }, (_, index) => index + 1);
const linesWith = async (client: PepeunitClient, text: string) =>
  (await client.logger.getFullLog()).filter((entry) => String(entry['text']).includes(text)).map(({ level }) => level);

describeWithMosquitto('a broker whose instance is away denies every topic', () => {
  test.each([4, 5] as const)(
    'after the broker came back first: of 120 messages none is lost, MQTT level %i (M19, S5)',
    async (protocol) => {
      const first = await startBroker(true);
      const client = await createUnit(first.port, protocol);
      await first.stop();
      const second = await startBroker(false, first.port);
      await until(() => second.said().includes('Sending SUBACK'), { what: 'the denial' });
      const accepted = publishAll(client);
      await until(() => (second.said().match(/Sending SUBACK/g)?.length ?? 0) >= 3, {
        timeoutMs: 30_000,
        what: 'further attempts',
      });
      await second.answer(true);
      expect(await accepted).toEqual(Array(count).fill(true));
      await until(() => taken([second]).size === count, { timeoutMs: 30_000, what: 'all messages' });
      expect([...taken([second])]).toEqual(everySize);
      expect(client.mqttClient.metrics()).toMatchObject({ refused: 0, dead: 0, dropped: 0 });
      expect(client.metrics().denials).toBeGreaterThanOrEqual(2);
      await until(async () => (await linesWith(client, 'grants the unit')).length === 1);
      expect(await linesWith(client, 'denies the unit')).toEqual(['Warning']);
    },
  );

  test('on an open link: of 120 messages none is lost (M19, S5)', async () => {
    const broker = await startBroker(true);
    const client = await createUnit(broker.port, 5);
    await broker.answer(false);
    const accepted = publishAll(client);
    await until(() => client.metrics().denials >= 2, { timeoutMs: 30_000, what: 'the outage' });
    await broker.answer(true);
    expect(await accepted).toEqual(Array(count).fill(true));
    await until(() => taken([broker]).size === count, { timeoutMs: 30_000, what: 'all messages' });
    expect([...taken([broker])]).toEqual(everySize);
    expect(client.mqttClient.metrics()).toMatchObject({ refused: 0, dead: 0, dropped: 0 });
  });
});
