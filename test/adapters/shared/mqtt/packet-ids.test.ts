import type { IPublishPacket } from 'mqtt';
import { expect, test } from 'vitest';
import { startRogueBroker, type Connection } from '../../../lab/faults/rogue-broker.ts';
import { deaf, later, open, optionsFor } from '../../../support/mqtt.ts';

/** More than there are packet identifiers. */
const rounds = 70;
const perRound = 1000;

test('messages that the broker is slow to acknowledge keep their packet identifiers (MQTT-2.3.1-3)', async () => {
  const held: IPublishPacket[] = [];
  let last: Connection | undefined;
  const used = new Set<number | undefined>();
  let reused = 0;
  const broker = later(
    await startRogueBroker((packet, connection) => {
      if (packet.cmd !== 'publish') return false;
      last = connection;
      if (packet.topic === 'slow') held.push(packet);
      else connection.send({ cmd: 'puback', messageId: packet.messageId });
      if (packet.topic !== 'slow' && held.some(({ messageId }) => messageId === packet.messageId)) reused += 1;
      used.add(packet.messageId);
      return true;
    }),
  );
  const link = await open(optionsFor(broker.port, { timeoutMs: 90_000 }), deaf);
  const publishAll = (topic: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => link.publish(topic, 'x', { qos: 1 })));
  const slow: Promise<unknown>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 10 === 0) slow.push(publishAll('slow', 3));
    await publishAll('quick', perRound);
  }
  expect(reused).toBe(0);
  expect(new Set(held.map(({ messageId }) => messageId)).size).toBe((3 * rounds) / 10);
  expect(used.has(0)).toBe(false);
  for (const { messageId } of held) last?.send({ cmd: 'puback', messageId });
  await Promise.all(slow);
}, 90_000);
