import { afterEach, beforeEach, expect, test } from 'vitest';
import { PepeunitClient, type InboundMessage } from '../../../app/node.ts';
import { startAedes, type AedesBroker } from '../../support/aedes-broker.ts';
import { commandTopic, unitUuid, writeUnitDocuments } from '../../support/documents.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { until } from '../../support/until.ts';

let broker: AedesBroker;
let client: PepeunitClient;
let seen: string[];

beforeEach(async () => {
  broker = await startAedes();
  client = new PepeunitClient({
    ...(await writeUnitDocuments(await temporaryFolder(), { PU_MQTT_PORT: broker.port })),
    ffConsoleLogEnable: false,
    ffMqttLogEnable: false,
    mqtt: { spreadMs: 0 },
  });
  seen = [];
  client.setMqttInputHandler((_, { key, command, ...message }) => {
    seen.push(`${key} ${command} ${new TextDecoder().decode(message.payload)}`);
  });
  await client.ready();
});
afterEach(async () => {
  await client.stopMainCycle();
  await broker.stop();
});

/** Sends a message straight to the unit's connection, whatever it has subscribed to. */
const push = (topic: string, payload: string) => {
  const packet = { cmd: 'publish' as const, topic, payload, qos: 0 as const, retain: false, dup: false };
  const { clients } = broker.aedes as unknown as {
    clients: Record<string, { publish(it: typeof packet, done: () => void): void }>;
  };
  clients[unitUuid]?.publish(packet, () => undefined);
};

const input = 'unit.test/11111111-1111-4111-8111-111111111111/pepeunit';

test('a message says which input it is for, and which command it was', async () => {
  const found: InboundMessage[] = [];
  client.setMqttInputHandler((_, message) => found.push(message));
  push(input, 'тепло 🔥');
  push(commandTopic('log_sync'), '{"COMMAND":"LogSync"}');
  await until(() => found.length === 2, { what: 'both messages' });
  expect(found).toMatchObject([
    { key: 'input/pepeunit', keys: ['input/pepeunit'], command: undefined },
    { key: 'log_sync/pepeunit', keys: ['log_sync/pepeunit'], command: 'log_sync' },
  ]);
  await until(() => client.metrics().commands.log_sync === 1, { what: 'the obeyed command' });
});

test('what the unit has not subscribed to is dropped and counted, with one warning for a flood', async () => {
  for (let index = 0; index < 200; index += 1) push(`unit.test/stranger/${index}`, 'x');
  push('unit.test/33333333-3333-4333-8333-333333333333/pepeunit', "the unit's own output");
  push(input, 'last');
  await until(() => seen.length > 0, { what: 'the message on the input' });
  expect(seen).toEqual(['input/pepeunit undefined last']);
  expect(client.metrics().inbox).toMatchObject({ received: 1, dropped: 0, unsolicited: 201 });
  const warned = (await client.logger.getFullLog()).filter(({ level }) => level === 'Warning');
  expect(warned).toMatchObject([{ text: expect.stringContaining('unit.test/stranger/0') }]);
});

test('what the app subscribes to itself comes without a key, until it unsubscribes', async () => {
  client.mqttClient.subscribeTopics(['unit.test/news/+']);
  push('unit.test/news/today', 'rain');
  await until(() => seen.length === 1, { what: 'the news' });
  expect(seen).toEqual(['undefined undefined rain']);
  client.mqttClient.unsubscribeTopics(['unit.test/news/+']);
  push('unit.test/news/today', 'snow');
  await until(() => client.metrics().inbox.unsolicited === 1, { what: 'the dropped news' });
  expect(seen).toHaveLength(1);
});
