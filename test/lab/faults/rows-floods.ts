import { setTimeout as sleep } from 'node:timers/promises';
import type net from 'node:net';
import { commandTopic } from '../../support/documents.ts';
import { generate } from '../../support/mqtt.ts';
import type { Misbehaviour } from './rogue-broker.ts';
import type { Row } from './lab.ts';

const floodMs = 3000;

/** Writes as much as a connection takes, for as long as it is open. @param next The bytes of a round. */
const flood = (socket: net.Socket, next: () => Buffer): void => {
  const pour = () => {
    if (socket.destroyed) return;
    if (socket.write(next())) setImmediate(pour);
    else socket.once('drain', pour);
  };
  pour();
};

/** Packets for a round, counted from 1. */
const packets = (protocolVersion: 4 | 5, count: number, packetOf: (number: number) => object): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, at) => generate(packetOf(at + 1), { protocolVersion })));

const qos2 = (messageId: number) => ({ cmd: 'publish', topic: 'a', payload: Buffer.alloc(10_000), qos: 2, messageId });

const commandNames = Object.entries({
  log_sync: 'LogSync',
  schema_update: 'SchemaUpdate',
  env_update: 'EnvUpdate',
  update: 'Update',
});

const commandPackets = (version: 4 | 5) =>
  packets(version, 400, (number) => {
    const [name = '', COMMAND] = commandNames[number % commandNames.length] ?? [];
    const payload = JSON.stringify({ COMMAND, PU_COMMIT_VERSION: 'bbbb' });
    return { cmd: 'publish', topic: commandTopic(name), payload, qos: 0 };
  });

const foreignPackets = (version: 4 | 5) =>
  packets(version, 1000, (number) => ({ cmd: 'publish', topic: `foreign/${number}`, payload: 'x', qos: 0 }));

/** Messages of QoS 2 with ever new identifiers, and no PUBREL. */
const unreleased = (version: 4 | 5) => {
  let next = 1;
  return () =>
    packets(version, 10, () => {
      next = (next % 65_535) + 1;
      return qos2(next);
    });
};

const flooding =
  (nextOf: () => () => Buffer): Misbehaviour =>
  (packet, { socket }) => {
    if (packet.cmd === 'subscribe') setTimeout(() => flood(socket, nextOf()), 300);
    return false;
  };

/** Floods of one kind on each link as soon as it has subscribed, until the unit is gone. */
const flooded = (what: string, version: 4 | 5, nextOf: () => () => Buffer, endsLink: boolean): Row => ({
  fault: `flood of ${what} (MQTT ${version === 5 ? '5' : '3.1.1'}), SIGTERM meanwhile`,
  isQuick: true,
  isTerminated: true,
  run: async (lab) => {
    const broker = await lab.rogue(flooding(nextOf));
    const unit = await lab.unit({ port: broker.port, mqtt: { protocol: version } });
    await unit.tells('online');
    if (endsLink) await unit.tells('offline');
    await sleep(floodMs);
    if (!endsLink && unit.count('offline') > 0) throw new Error('the link has ended');
    return { happened: endsLink ? 'the link is ended each time' : 'dropped or counted', seconds: floodMs / 1000 };
  },
});

const constant = (bytes: Buffer) => () => () => bytes;

/** Brokers that send without end. */
export const floods: readonly Row[] = ([4, 5] as const).flatMap((version) => [
  flooded('QoS 2 without PUBREL', version, () => unreleased(version), true),
  flooded('PINGRESP', version, constant(packets(version, 30_000, () => ({ cmd: 'pingresp' }))), true),
  flooded('commands', version, constant(commandPackets(version)), false),
  flooded('messages on foreign topics', version, constant(foreignPackets(version)), false),
]);
