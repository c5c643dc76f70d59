import { describe, expect, test } from 'vitest';
import type { LinkListener, MqttVersion } from '../../../../services/broker.ts';
import { startRogueBroker, type Connection } from '../../../lab/faults/rogue-broker.ts';
import { deaf, later, open, optionsFor } from '../../../support/mqtt.ts';
import { until } from '../../../support/until.ts';

/** A broker that sends three messages after each SUBSCRIBE, and keeps the names of the packets that it gets. */
const sending = async (qos: 0 | 1 | 2) => {
  const got: string[] = [];
  const sendMessages = ({ send }: Connection) => {
    for (const [at, payload] of ['first', 'second', 'third'].entries()) {
      send({ cmd: 'publish', topic: 'a', payload, qos, ...(qos > 0 && { messageId: at + 1 }) });
    }
  };
  const broker = await startRogueBroker((packet, connection) => {
    got.push(packet.cmd);
    if (packet.cmd === 'subscribe') setImmediate(sendMessages, connection);
    if (packet.cmd !== 'pubrec') return false;
    connection.send({ cmd: 'pubrel', messageId: packet.messageId });
    return true;
  });
  return { ...later(broker), got };
};

/** A listener that holds back what follows each message until it is told to go on, or to fail. */
const pausing = () => {
  const texts: string[] = [];
  const paused: { goOn(): void; fail(): void }[] = [];
  const onMessage: LinkListener['onMessage'] = (_topic, payload) => {
    texts.push(new TextDecoder().decode(payload));
    return new Promise((resolve, reject) => {
      paused.push({ goOn: resolve, fail: () => reject(new Error('a defect')) });
    });
  };
  return { texts, paused, listener: { ...deaf, onMessage } };
};

describe.each<MqttVersion>([4, 5])('version %i', (version) => {
  test.each([
    [1, 'puback'],
    [2, 'pubcomp'],
  ] as const)('a message of QoS %i is acknowledged when its listener lets go on (M5)', async (qos, acknowledgement) => {
    const broker = await sending(qos);
    const { texts, paused, listener } = pausing();
    const link = await open(optionsFor(broker.port, { version }), listener);
    await link.subscribe(['a']);
    const acknowledged = () => broker.got.filter((name) => name === acknowledgement).length;
    for (const [at, text] of ['first', 'second', 'third'].entries()) {
      await until(() => paused.length > at);
      expect(texts.at(-1)).toBe(text);
      // What the link sends goes out meanwhile, and after any acknowledgement that it had sent before.
      const before = broker.got.length;
      await link.publish('b', 'x');
      await until(() => broker.got.slice(before).includes('publish'));
      expect(acknowledged()).toBe(at);
      paused[at]?.goOn();
    }
    await until(() => acknowledged() === 3);
    expect(texts).toEqual(['first', 'second', 'third']);
  });

  test('closing lets go on at once: what was handed over is acknowledged, and nothing more is handed over', async () => {
    const broker = await sending(1);
    const { texts, paused, listener } = pausing();
    const link = await open(optionsFor(broker.port, { version }), listener);
    await link.subscribe(['a']);
    await until(() => paused.length > 0);
    await link.close();
    await until(() => broker.open.size === 0);
    expect(broker.got.indexOf('puback')).toBeGreaterThan(0);
    expect(broker.got.indexOf('puback')).toBeLessThan(broker.got.indexOf('disconnect'));
    for (const { goOn } of paused) goOn();
    expect(texts).toEqual(['first']);
  });
});

test('a listener that breaks its word holds nothing back', async () => {
  const broker = await sending(0);
  const { texts, paused, listener } = pausing();
  const link = await open(optionsFor(broker.port), listener);
  await link.subscribe(['a']);
  await until(() => paused.length > 0);
  paused[0]?.fail();
  await until(() => texts.length > 1);
  expect(texts).toEqual(['first', 'second']);
});
