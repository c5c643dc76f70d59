import type { Packet } from 'mqtt';
import { until } from '../../support/until.ts';
import { markOf, type Connection, type Misbehaviour } from './rogue-broker.ts';
import { secondsBetween, type Row } from './lab.ts';

/** What a broker sees of the messages that it does not acknowledge. */
const watchUnacknowledged = () => {
  const seen: Set<string>[] = [];
  let repeated = 0;
  return {
    see: (packet: Extract<Packet, { cmd: 'publish' }>, { number }: Connection) => {
      const marks = (seen[number] ??= new Set());
      if (marks.has(markOf(packet))) repeated += 1;
      marks.add(markOf(packet));
    },
    /** The most on one connection. */
    most: () => Math.max(0, ...seen.map(({ size }) => size)),
    /** How many came again on the connection on which they were unacknowledged; MQTT-4.4.0-1 wants another one. */
    repeated: () => repeated,
  };
};

/** Lets in with this limit of messages that are not acknowledged. */
const granting =
  (receiveMaximum: number): Misbehaviour =>
  (packet, { send }) => {
    if (packet.cmd !== 'connect') return false;
    send({ cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent: false, properties: { receiveMaximum } });
    return true;
  };

interface Broker {
  readonly name: string;
  readonly version: 4 | 5;
  /** How it lets in. */
  readonly admit: Misbehaviour;
  /** How many messages may be unacknowledged on one connection. */
  readonly window: number;
}

/** Acknowledges nothing until the unit has given up two links over that. */
const pubackMissing = ({ name, version, admit, window }: Broker): Row => ({
  fault: `PUBACK missing for ever (${name})`,
  reference: 'sends QoS 0 alone, and never knows what came',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.rogue(admit);
    const unit = await lab.unit({ port: broker.port, mqtt: { protocol: version }, witness: () => broker.received });
    await unit.tells('online');
    const unacknowledged = watchUnacknowledged();
    const begun = performance.now();
    broker.misbehave((packet, connection) => {
      if (packet.cmd !== 'publish' || packet.qos === 0) return admit(packet, connection);
      unacknowledged.see(packet, connection);
      return true;
    });
    const noticedAt = await unit.tells('offline');
    await unit.tells('offline', 2, 60_000);
    await until(() => broker.connects.length >= 3, { what: 'a third link', timeoutMs: 60_000 });
    broker.misbehave(admit);
    const onlineAt = await unit.tells('online', 3);
    const [most, repeated] = [unacknowledged.most(), unacknowledged.repeated()];
    if (most > window) throw new Error(`${most} messages in flight, where ${window} may be`);
    if (repeated > 0) throw new Error(`${repeated} messages came again on the same link`);
    return {
      happened: `noticed after ${secondsBetween(begun, noticedAt)} s, on a new link; ${most} in flight at the most; all come`,
      seconds: secondsBetween(begun, onlineAt),
    };
  },
});

/** Brokers that take messages and do not say so; played on raw sockets. */
export const acknowledgementFaults: readonly Row[] = [
  pubackMissing({ name: 'MQTT 3.1.1', version: 4, admit: () => false, window: 1_040 }),
  pubackMissing({ name: 'MQTT 5, receive maximum 4', version: 5, admit: granting(4), window: 4 }),
];
