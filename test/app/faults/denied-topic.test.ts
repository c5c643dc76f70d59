import { afterEach, beforeEach, expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { startAedes, type AedesBroker } from '../../support/aedes-broker.ts';
import { schemaDocument, writeUnitDocuments } from '../../support/documents.ts';
import { until } from '../../support/until.ts';
import { temporaryFolder } from '../../support/folder.ts';

const inputTopics = (schemaDocument()['input_topic'] as Record<string, string[]>)['input/pepeunit'] ?? [];
const [own = '', linked = ''] = inputTopics;

let folder: string;
let broker: AedesBroker;
let client: PepeunitClient;
beforeEach(async () => {
  folder = await temporaryFolder();
  broker = await startAedes();
  client = new PepeunitClient({
    ...(await writeUnitDocuments(folder, { PU_MQTT_PORT: broker.port })),
    ffConsoleLogEnable: false,
    adapters: { random: () => 0 },
  });
});
afterEach(async () => {
  await client.stopMainCycle();
  await broker.stop();
});

const send = (topic: string, payload: string) =>
  broker.aedes.publish({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false }, () => undefined);

test('a topic over which the broker ends the connection costs neither the others nor the link (M7)', async () => {
  let isAllowed = false;
  broker.aedes.authorizeSubscribe = (_client, subscription, done) => {
    if (isAllowed || subscription.topic !== linked) done(null, subscription);
    else done(new Error('not authorised'));
  };
  const seen: string[] = [];
  client.setMqttInputHandler((_unit, message) => seen.push(message.text()));
  const { mqttClient } = client;
  mqttClient.connect().catch(() => undefined);
  let isOnline = false;
  client.on('online', () => (isOnline = true));
  await until(() => isOnline, { what: 'the answer to each topic' });
  expect(client.metrics()).toMatchObject({ connects: 4, disconnects: 3 });
  send(linked, 'on the denied one');
  send(own, 'on another');
  await until(() => seen.length > 0, { what: 'a message' });
  expect(seen).toEqual(['on another']);

  isAllowed = true;
  mqttClient.subscribeAllSchemaTopics();
  await until(() => {
    send(linked, 'allowed meanwhile');
    return seen.includes('allowed meanwhile');
  });
  expect(client.metrics().connects).toBe(4);
});
