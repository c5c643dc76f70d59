import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mqttBroker } from '../../../adapters/shared/mqtt/broker.ts';
import { systemClock } from '../../../adapters/shared/clock.ts';
import { createInbox } from '../../../app/messaging/inbound/inbox.ts';
import { PepeunitClient } from '../../../app/node.ts';
import { createTestUnit } from '../../../app/testing.ts';
import type { MqttVersion } from '../../../services/broker.ts';
import type { JsonObject } from '../../../services/json.ts';
import { commandTopic, schemaDocument, writeUnitDocuments } from '../../support/documents.ts';
import { describeWithMosquitto, startMosquitto, type Mosquitto } from '../../support/mosquitto.ts';
import { message as messageOf } from '../../support/messaging.ts';
import { deaf, optionsFor } from '../../support/mqtt.ts';
import { startRecordingProxy } from '../../support/recording-proxy.ts';
import { until } from '../../support/until.ts';
import { temporaryFolder } from '../../support/folder.ts';

vi.setConfig({ testTimeout: 60_000 });

const burst = 40_000;
const [input = ''] = (schemaDocument()['input_topic'] as Record<string, string[]>)['input/pepeunit'] ?? [];
const patiently = { timeoutMs: 50_000 };

let broker: Mosquitto;
let sender: MqttClient;
let folder: string;
const clients: PepeunitClient[] = [];
beforeEach(async () => {
  broker = await startMosquitto({ lines: ['max_queued_messages 0', 'max_queued_bytes 0'] });
  sender = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
  folder = await temporaryFolder();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stopMainCycle()));
  await sender.endAsync(true);
  await broker.stop();
});

/** Publishes numbers, and a command after the half of them. */
const flood = async (topicOf: (index: number) => string = () => input, count = burst): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    sender.publish(topicOf(index), String(index));
    if (index === count / 2) sender.publish(commandTopic('log_sync'), '{"COMMAND":"LogSync"}');
    if (index % 1000 === 0) await turn();
  }
};

/** A unit that keeps what its handler got, topic by topic, and counts what it told. */
const unitWith = async (
  handler: (client: PepeunitClient) => unknown,
  version: MqttVersion = 4,
  env: JsonObject = {},
) => {
  const client = new PepeunitClient({
    ...(await writeUnitDocuments(folder, { PU_MQTT_PORT: broker.port, ...env })),
    ffConsoleLogEnable: false,
    ffMqttLogEnable: false,
    mqtt: { protocol: version, spreadMs: 0 },
  });
  clients.push(client);
  const told = { commands: 0, offline: 0 };
  const seen = new Map<string, number[]>();
  client.on('command', () => (told.commands += 1));
  client.on('offline', () => (told.offline += 1));
  client.setMqttInputHandler((_, { topic, payload }) => {
    const numbers = seen.get(topic) ?? [];
    if (topic !== commandTopic('log_sync')) seen.set(topic, numbers);
    numbers.push(Number(Buffer.from(payload).toString()));
    return handler(client);
  });
  client.mqttClient.subscribeTopics(['many/#', 'kept/#']);
  await client.ready();
  const count = () => [...seen.values()].reduce((sum, { length }) => sum + length, 0);
  return { client, told, seen, count, inbox: () => client.metrics().inbox };
};

/** A handler that takes its time, from the moment on at which the link pauses: on a slow machine that comes later. */
const slowFromPause = () => {
  let pause: Promise<unknown> | undefined;
  return async (client: PepeunitClient) => {
    pause ??= until(() => client.metrics().inbox.pauses > 0, patiently);
    await pause;
    await delay(1500);
  };
};

const forEver = () => new Promise<void>(() => undefined);

/** A unit whose link pauses. */
const paused = async (env: JsonObject = {}) => {
  const unit = await unitWith(forEver, 4, env);
  void flood();
  await until(() => unit.inbox().pauses === 1, patiently);
  return unit;
};

/** Whether numbers only ever grow. */
const isInOrder = (numbers: readonly number[]): boolean =>
  numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0));

describeWithMosquitto('overrun', () => {
  describe.each<MqttVersion>([4, 5])('version %i', (version) => {
    test('a burst of many times the room loses nothing and keeps its order, where the link has time to pause (M5)', async () => {
      const limits = { messages: 1000, bytes: 1_000_000, handlerMs: 60_000 };
      const inbox = createInbox({ clock: systemClock(), limits, pauseMs: () => 300_000, warn: () => undefined });
      const seen: number[] = [];
      inbox.setHandler(async (message) => {
        await turn();
        seen.push(Number(message.text()));
      });
      const listener = {
        ...deaf,
        onMessage: (topic: string, payload: Uint8Array) =>
          inbox.push(messageOf(topic, Buffer.from(payload).toString()), 'input'),
      };
      const link = await mqttBroker().open(
        optionsFor(broker.port, { version }),
        listener,
        new AbortController().signal,
      );
      await link.subscribe([input]);
      await flood();
      await until(() => inbox.metrics().received === burst && inbox.metrics().waiting === 0, patiently);
      await link.close();
      expect(seen).toEqual(Array.from({ length: burst }, (_, index) => index));
      expect(inbox.metrics()).toMatchObject({ dropped: 0, waiting: 0 });
      expect(inbox.metrics().pauses).toBeGreaterThan(10);
    });

    test('a handler that never settles: the link pauses once, a command is obeyed, the unit stays online (M4, M5)', async () => {
      const { client, told, inbox, count } = await unitWith(forEver, version);
      await flood();
      await until(() => inbox().received === burst + 1 && told.commands === 1, patiently);
      const { pauses, dropped, waiting } = inbox();
      expect({ pauses, started: count(), lost: burst - dropped - waiting - count() }).toEqual({
        pauses: 1,
        started: 1,
        lost: 0,
      });
      expect({ waiting, offline: told.offline }).toEqual({ waiting: 10_000, offline: 0 });
      const [output = ''] = client.schema.outputTopic['output/pepeunit'] ?? [];
      expect(await client.mqttClient.publishDetailed(output, 'x', { qos: 1 })).toMatchObject({ outcome: 'delivered' });
    });
  });

  test('a slow handler gets what there is room for in order, and the command is obeyed (M5)', async () => {
    const { told, inbox, seen, count } = await unitWith(turn);
    await flood();
    await until(() => inbox().received === burst + 1 && inbox().waiting === 0, patiently);
    expect(told).toEqual({ commands: 1, offline: 0 });
    await until(() => count() + inbox().dropped === burst);
    expect(isInOrder(seen.get(input) ?? [])).toBe(true);
    expect(inbox().pauses).toBeGreaterThan(0);
  });

  test('20,000 topics, each with a slow handler, keep their order, and the command is obeyed (M5)', async () => {
    const { told, inbox, seen, count } = await unitWith(slowFromPause());
    await flood((index) => `many/${index % 20_000}`);
    await until(() => inbox().received >= burst + 1 && inbox().waiting === 0, patiently);
    expect(told).toEqual({ commands: 1, offline: 0 });
    expect(count() + inbox().dropped).toBe(burst);
    expect([...seen.values()].every(isInOrder)).toBe(true);
    expect(inbox().pauses).toBeGreaterThan(0);
  });

  test('a flood of retained messages at the moment of subscribing costs no link (M5)', async () => {
    for (let index = 0; index < 15_000; index += 1) sender.publish(`kept/${index}`, String(index), { retain: true });
    await sender.publishAsync('kept/last', '0', { retain: true, qos: 1 });
    const { told, inbox, count } = await unitWith(slowFromPause());
    await until(() => inbox().received === 15_001 && inbox().waiting === 0, patiently);
    await sender.publishAsync(commandTopic('log_sync'), '{"COMMAND":"LogSync"}', { qos: 1 });
    await until(() => told.commands === 1);
    expect(count() + inbox().dropped).toBe(15_001);
    expect(inbox().pauses).toBeGreaterThan(0);
    expect(told.offline).toBe(0);
  });

  test('a link that is cut while it pauses comes back, and a command is obeyed (M1)', async () => {
    const proxy = await startRecordingProxy(broker.port, 4);
    const { client, told } = await paused({ PU_MQTT_PORT: proxy.port });
    proxy.cut();
    await until(() => told.offline === 1 && client.mqttClient.isConnected(), patiently);
    const before = told.commands;
    await until(async () => {
      await sender.publishAsync(commandTopic('log_sync'), '{"COMMAND":"LogSync"}', { qos: 1 });
      return told.commands > before;
    });
    await client.stopMainCycle();
    await proxy.stop();
  });

  test('a broker that freezes while the link pauses is noticed all the same (M4)', async () => {
    const { client, told } = await paused({ PU_MQTT_PING_INTERVAL: 1 });
    broker.signal('SIGSTOP');
    await until(() => told.offline === 1, patiently);
    broker.signal('SIGCONT');
    await until(() => client.mqttClient.isConnected(), patiently);
  });

  test('a link that pauses can be let go and taken up again (M12)', async () => {
    const { client, told, inbox } = await paused();
    await client.mqttClient.disconnect();
    const { received } = inbox();
    await client.mqttClient.connect();
    await sender.publishAsync(commandTopic('log_sync'), '{"COMMAND":"LogSync"}', { qos: 1 });
    await until(() => told.commands > 0);
    expect(inbox().received).toBeGreaterThan(received);
  });

  test('a stop ends a pause, and leaves no timer (M12)', async () => {
    const { client, world } = createTestUnit();
    client.setMqttInputHandler(forEver);
    await client.ready();
    const [topic = ''] = client.schema.inputTopic['input/pepeunit'] ?? [];
    for (let index = 0; index < burst; index += 1) world.broker.send(topic, String(index));
    await until(() => client.metrics().inbox.pauses === 1);
    expect(client.metrics().inbox.received).toBeLessThan(10_000);
    await client.stopMainCycle();
    expect(world.clock.pending).toBe(0);
    expect(client.metrics().inbox.received).toBeLessThan(10_000);
  });

  test('dropping what comes in ends a pause (M5)', async () => {
    const { client, told, inbox } = await paused();
    const dropping = client.mqttClient.dropInput();
    await until(() => inbox().received === burst + 1 && told.commands === 1, patiently);
    expect(inbox()).toMatchObject({ pauses: 1 });
    expect(inbox().waiting).toBeLessThan(10_000);
    dropping[Symbol.dispose]();
  });
});
