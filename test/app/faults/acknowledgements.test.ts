import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { startRogueBroker, type Connection, type RogueBroker } from '../../lab/faults/rogue-broker.ts';
import { heldBy, watchClients } from '../../support/mqtt.ts';
import { writeUnitDocuments } from '../../support/documents.ts';
import { until } from '../../support/until.ts';
import { temporaryFolder } from '../../support/folder.ts';

const timeoutMs = 400;
const receiveMaximum = 4;
const input = 'unit.test/11111111-1111-4111-8111-111111111111/pepeunit';

interface Published {
  readonly connection: number;
  readonly topic: string;
  readonly text: string;
  readonly qos: number;
}

const clients = watchClients();
let folder: string;
let broker: RogueBroker;
let client: PepeunitClient;
/** What the broker got, whether it said so or not. */
let published: Published[];
let connections: Connection[];
/** Whether the broker keeps its acknowledgements to itself. */
let loses: boolean;
/** The most that any client object of the library held, whenever the broker looked. */
let mostHeld: number;

beforeEach(async () => {
  published = [];
  connections = [];
  loses = false;
  mostHeld = 0;
  folder = await temporaryFolder();
  broker = await startRogueBroker((packet, connection) => {
    mostHeld = Math.max(mostHeld, ...clients.map(heldBy));
    if (packet.cmd === 'connect') {
      connections.push(connection);
      const properties = { receiveMaximum };
      connection.send({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false, properties });
      return true;
    }
    if (packet.cmd !== 'publish') return false;
    const { topic, payload, qos } = packet;
    published.push({ connection: connection.number, topic, text: payload.toString(), qos });
    return loses;
  });
});
afterEach(async () => {
  await client.stopMainCycle();
  await broker.stop();
});

const path = (name: string) => join(folder, name);

/** A unit whose broker has not lost anything yet. */
const online = async (protocol: 4 | 5): Promise<void> => {
  client = new PepeunitClient({
    ...(await writeUnitDocuments(folder, { PU_MQTT_PORT: broker.port })),
    ffConsoleLogEnable: false,
    ffMqttLogEnable: false,
    mqtt: { protocol, timeoutMs },
    outbox: { rate: false },
    adapters: { random: () => 0 },
  });
  await client.mqttClient.connect();
};

const textsOn = (connection: number, topic: string) =>
  published.filter((one) => one.connection === connection && one.topic === topic).map(({ text }) => text);
const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at));

interface LogEntry {
  readonly level: string;
  readonly text: string;
}

/** What the log says of links that were lost. */
const losses = async (): Promise<LogEntry[]> =>
  (await readFile(path('log.json'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LogEntry)
    .filter(({ text }) => text.startsWith('Disconnected from MQTT broker'));

describe.each([4, 5] as const)('acknowledgements that never come, MQTT level %i', (protocol) => {
  test('end the link, and what they were about is sent once more, in order, on the next (M1, M6, M10, M11)', async () => {
    await online(protocol);
    expect(await client.mqttClient.publishDetailed('t', 'before', { qos: 1 })).toEqual({ outcome: 'delivered' });
    loses = true;
    const count = 40;
    const results = numbers(count).flatMap((text) =>
      ['a', 'b'].map((topic) => client.mqttClient.publishDetailed(topic, text, { qos: 1, until: 'settled' })),
    );
    await until(() => connections.length >= 3, { what: 'a third link' });
    loses = false;
    expect(new Set((await Promise.all(results)).map(({ outcome }) => outcome))).toEqual(new Set(['delivered']));

    const used = [...new Set(published.map(({ connection }) => connection))];
    for (const connection of used) {
      for (const topic of ['a', 'b']) {
        const texts = textsOn(connection, topic);
        expect(texts, 'none twice on one link, and in order').toEqual(
          texts.toSorted((one, other) => Number(one) - Number(other)),
        );
        expect(new Set(texts).size).toBe(texts.length);
      }
    }
    const last = used.at(-1) ?? 0;
    expect(textsOn(last, 'a')).toEqual(numbers(count));
    expect(textsOn(last, 'b')).toEqual(numbers(count));
    // The one besides is SUBSCRIBE.
    const window = protocol === 5 ? receiveMaximum : 2 * count;
    expect(mostHeld).toBeLessThanOrEqual(window + 1);
    expect(client.mqttClient.metrics()).toMatchObject({ waiting: 0, sending: 0, dropped: 0 });
    expect(await client.mqttClient.publishDetailed('t', 'after', { qos: 1 })).toEqual({ outcome: 'delivered' });
  });

  test('for ever: the unit goes from link to link, tells so once, and does the rest of its work (M1, M2, M14)', async () => {
    await online(protocol);
    const seen: string[] = [];
    client.mqttClient.setInputHandler((message) => void seen.push(message.text()));
    loses = true;
    const begun = performance.now();
    const results = numbers(3).map((text) => client.mqttClient.publishDetailed('a', text, { qos: 1 }));
    const links = 5;
    for (let link = 0; link < links; link += 1) {
      await until(() => client.mqttClient.isConnected() && connections.length > link);
      const { send } = connections[link] as Connection;
      send({ cmd: 'publish', topic: input, payload: `input ${link}`, qos: 0 });
      await client.mqttClient.publishDetailed('live', String(link));
      await until(() => seen.length > link, { what: `an input on link ${link}` });
      await until(() => connections.length > link + 1, { what: `a link after ${link}` });
    }
    expect(connections.length).toBeLessThanOrEqual(1 + (performance.now() - begun) / timeoutMs);
    for (let link = 0; link < links; link += 1) {
      expect(textsOn(link, 'a')).toEqual(numbers(3));
      expect(textsOn(link, 'live')).toContain(String(link));
    }
    expect(new Set((await Promise.all(results)).map(({ outcome }) => outcome))).toEqual(new Set(['queued']));
    expect(client.mqttClient.metrics()).toMatchObject({ dropped: 0, dead: 0 });
    await client.stopMainCycle();
    const told = (await losses()).filter(({ level }) => level === 'Warning');
    expect(told).toHaveLength(1);
    expect(told[0]?.text).toContain(`a message on a was not acknowledged within ${timeoutMs} ms`);
  });
});
