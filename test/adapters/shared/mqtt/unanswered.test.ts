import type { IPublishPacket } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { mqttBroker } from '../../../../adapters/shared/mqtt/broker.ts';
import type { Link, MqttVersion } from '../../../../services/broker.ts';
import { startRogueBroker, suback, type Connection, type Misbehaviour } from '../../../lab/faults/rogue-broker.ts';
import { heldBy, watchClients, deaf, failure, later, open, optionsFor } from '../../../support/mqtt.ts';
import { until } from '../../../support/until.ts';

const versions: readonly MqttVersion[] = [4, 5];

const clients = watchClients();

/** How many messages the library holds. */
const held = () => clients.reduce((sum, client) => sum + heldBy(client), 0);

/** A link to a broker that misbehaves, with what it told of its end. */
const linked = async (
  version: MqttVersion,
  misbehaviour: Misbehaviour,
  timeoutMs = 300,
  onMessage = deaf.onMessage,
) => {
  const broker = later(await startRogueBroker(misbehaviour));
  const ends: Error[] = [];
  const listener = { onMessage, onClosed: (error: Error) => ends.push(error) };
  const link = await open(optionsFor(broker.port, { version, timeoutMs }), listener);
  return { broker, link, ends };
};

/** A broker that takes messages and leaves the answers to the test. */
const collecting = (packets: IPublishPacket[], connections: Connection[] = []): Misbehaviour => {
  return (packet, connection) => {
    if (packet.cmd !== 'publish') return false;
    packets.push(packet);
    connections.push(connection);
    return true;
  };
};

const unanswered: [string, string, Misbehaviour, (link: Link) => Promise<unknown>][] = [
  [
    'PUBACK',
    'a message on t/x was not acknowledged',
    ({ cmd }) => cmd === 'publish',
    (link) => link.publish('t/x', 'x', { qos: 1 }),
  ],
  [
    'PUBREC',
    'a message on t/x was not acknowledged',
    ({ cmd }) => cmd === 'publish',
    (link) => link.publish('t/x', 'x', { qos: 2 }),
  ],
  [
    'PUBCOMP',
    'a message on t/x was not acknowledged',
    (packet, { send }) => {
      if (packet.cmd === 'publish') send({ cmd: 'pubrec', messageId: packet.messageId });
      return packet.cmd === 'publish' || packet.cmd === 'pubrel';
    },
    (link) => link.publish('t/x', 'x', { qos: 2 }),
  ],
  [
    'SUBACK',
    'SUBSCRIBE of 1 topics was not answered',
    ({ cmd }) => cmd === 'subscribe',
    (link) => link.subscribe(['t/x']),
  ],
  [
    'UNSUBACK',
    'UNSUBSCRIBE of 1 topics was not answered',
    ({ cmd }) => cmd === 'unsubscribe',
    (link) => link.unsubscribe(['t/x']),
  ],
];

describe.each(versions)('MQTT level %i: an answer that never comes ends the link', (version) => {
  test.each(unanswered)('%s (M1, M6)', async (_, what, misbehaviour, call) => {
    const { broker, link, ends } = await linked(version, misbehaviour);
    const thrown = await failure(call(link));
    expect(thrown).toMatchObject({ code: 'timeout' });
    expect(thrown.message).toContain(`${what} within 300 ms`);
    expect(ends).toEqual([thrown]);
    expect((await failure(link.publish('t', 'x'))).code).toBe('closed');
    await until(() => broker.open.size === 0);
    expect(held()).toBe(0);
  });

  test('one that is left out among many is found out, though the others come', async () => {
    const packets: IPublishPacket[] = [];
    const { link, ends } = await linked(version, (packet, { send }) => {
      if (packet.cmd !== 'publish') return false;
      if (packets.push(packet) !== 3) send({ cmd: 'puback', messageId: packet.messageId });
      return true;
    });
    const results: Promise<void>[] = [];
    const steadily = setInterval(() => {
      results.push(link.publish(`t/${results.length + 1}`, 'x', { qos: 1 }));
      results.at(-1)?.catch(() => undefined);
    }, 20);
    await until(() => ends.length > 0);
    clearInterval(steadily);
    expect(ends).toMatchObject([{ code: 'timeout' }]);
    expect(ends[0]?.message).toContain('a message on t/3 was not acknowledged');
    const outcomes = (await Promise.allSettled(results.slice(0, 4))).map(({ status }) => status);
    expect(outcomes).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });

  test('a broker that is slow and alive may owe many', async () => {
    const packets: IPublishPacket[] = [];
    const connections: Connection[] = [];
    const { link, ends } = await linked(version, collecting(packets, connections), 1000);
    const begun = performance.now();
    const results = Array.from({ length: 10 }, () => link.publish('t', 'x', { qos: 1 }));
    await until(() => packets.length === 10);
    for (const { messageId } of packets) {
      await new Promise((resolve) => setTimeout(resolve, 120));
      connections[0]?.send({ cmd: 'puback', messageId });
    }
    await Promise.all(results);
    expect(performance.now() - begun).toBeGreaterThan(1000);
    expect(ends).toEqual([]);
  });

  test('a program that was held up reads first what came meanwhile', async () => {
    const { link, ends } = await linked(version, () => false);
    await link.publish('t', 'x', { qos: 1 });
    const result = link.publish('t', 'x', { qos: 1 });
    const begun = performance.now();
    while (performance.now() - begun < 700);
    await result;
    expect(ends).toEqual([]);
  });
});

test('a window that is never given back ends the link, and the library holds no more than the window (M11)', async () => {
  const packets: IPublishPacket[] = [];
  const { link, ends } = await linked(5, (packet, { send }) => {
    if (packet.cmd === 'publish') packets.push(packet);
    if (packet.cmd !== 'connect') return packet.cmd === 'publish';
    send({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { receiveMaximum: 4 } });
    return true;
  });
  const results = Array.from({ length: 20 }, (_, at) => link.publish(`t/${at}`, 'x', { qos: 1 }));
  for (const result of results) result.catch(() => undefined);
  expect(held()).toBeLessThanOrEqual(4);
  await until(() => ends.length > 0);
  expect(new Set((await Promise.allSettled(results)).map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(packets.map(({ topic }) => topic)).toEqual(['t/0', 't/1', 't/2', 't/3']);
  expect(held()).toBe(0);
});

test('the longest limit that a timer can count does not end an attempt', async () => {
  const broker = later(
    await startRogueBroker((packet, { send }) => {
      if (packet.cmd !== 'subscribe') return false;
      setTimeout(() => send(suback(packet)), 50);
      return true;
    }),
  );
  const options = optionsFor(broker.port, { timeoutMs: 2 ** 31 - 1 });
  const link = await mqttBroker().open(options, deaf, new AbortController().signal);
  expect(await link.subscribe(['t'])).toMatchObject([{ granted: true }]);
  await link.close();
});

/** Sends the unit a message every now and then. */
const chattering = (misbehaviour: Misbehaviour): Misbehaviour => {
  return (packet, connection) => {
    if (packet.cmd === 'connect') {
      const chat = setInterval(() => connection.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0 }), 50);
      connection.socket.once('close', () => clearInterval(chat));
    }
    return misbehaviour(packet, connection);
  };
};

describe.each(versions)('MQTT level %i: bytes that keep coming', (version) => {
  test.each<[string, 1 | 2, Misbehaviour]>([
    ['PUBACK', 1, ({ cmd }) => cmd === 'publish'],
    ['PUBREC', 2, ({ cmd }) => cmd === 'publish'],
    [
      'PUBCOMP',
      2,
      (packet, { send }) => {
        if (packet.cmd === 'publish') send({ cmd: 'pubrec', messageId: packet.messageId });
        return packet.cmd === 'publish' || packet.cmd === 'pubrel';
      },
    ],
  ])(
    'do not hide a missing %s once the broker has answered a later PINGREQ (M6, M20)',
    async (_, qos, misbehaviour) => {
      let came = 0;
      const { link, ends } = await linked(version, chattering(misbehaviour), 1000, () => void (came += 1));
      const sent = link.publish('t/x', 'x', { qos }).catch((error: unknown) => error);
      await until(() => came >= 30);
      expect(ends).toEqual([]);
      await link.ping();
      expect(await sent).toMatchObject({ code: 'timeout' });
      expect(ends).toHaveLength(1);
    },
  );
});

test('a broker that takes messages of QoS 0 and does nothing else is noticed (M4, M20)', async () => {
  const { link, ends } = await linked(4, ({ cmd }) => cmd !== 'connect');
  const chat = setInterval(() => link.publishNow('t', 'x'.repeat(400), false), 10);
  await until(() => ends.length > 0);
  clearInterval(chat);
  expect(ends).toMatchObject([{ code: 'timeout' }]);
});
