import net from 'node:net';
import tls from 'node:tls';
import type { IPublishPacket, Packet } from 'mqtt';
import { generate, parser } from '../../support/mqtt.ts';

/** One connection to a broker that may misbehave. */
export interface Connection {
  readonly socket: net.Socket;
  /** Counted from 0. */
  readonly number: number;
  readonly version: 4 | 5;
  send(packet: object): void;
}

/** Answers a packet in its own way; `false` leaves it to the broker's good manners. */
export type Misbehaviour = (packet: Packet, connection: Connection) => boolean;

/** A broker on raw sockets that behaves as long as it is not told otherwise. */
export interface RogueBroker {
  readonly port: number;
  /** When each connection came, by `performance.now()`. */
  readonly connects: readonly number[];
  /** Topics and sizes of the messages that it acknowledged. */
  readonly received: ReadonlySet<string>;
  readonly open: ReadonlySet<net.Socket>;
  misbehave(how: Misbehaviour | undefined): void;
  /** Shows another certificate from now on. */
  certify(options: tls.SecureContextOptions): void;
  stop(): Promise<void>;
}

/** A SUBACK that grants all but the topics that hold this word. */
export const suback = ({ messageId, subscriptions }: Extract<Packet, { cmd: 'subscribe' }>, denied?: string) => ({
  cmd: 'suback',
  messageId,
  granted: subscriptions.map(({ topic }) => (denied !== undefined && topic.includes(denied) ? 0x80 : 0)),
});

const politely = (packet: Packet, { send, socket }: Connection): void => {
  if (packet.cmd === 'connect') send({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false });
  else if (packet.cmd === 'subscribe') send(suback(packet));
  else if (packet.cmd === 'unsubscribe') {
    send({ cmd: 'unsuback', messageId: packet.messageId, granted: packet.unsubscriptions.map(() => 0) });
  } else if (packet.cmd === 'publish' && packet.qos === 1) send({ cmd: 'puback', messageId: packet.messageId });
  else if (packet.cmd === 'pingreq') send({ cmd: 'pingresp' });
  else if (packet.cmd === 'disconnect') socket.end();
};

/** Tells a message from all others: its topic and size. */
export const markOf = ({ topic, payload }: IPublishPacket): string => `${topic} ${payload.length}`;

const isAcknowledged = (packet: Packet): packet is IPublishPacket => packet.cmd === 'publish' && packet.qos === 1;

/** Calls with each packet of a connection, from its CONNECT on. */
const onPackets = (socket: net.Socket, number: number, see: (packet: Packet, connection: Connection) => void): void => {
  let decoder: ReturnType<typeof parser> | undefined;
  const begin = (first: Buffer) => {
    // The level follows the header, the length, and the name "MQTT" with its own length.
    const version = first[first.indexOf('MQTT') + 4] === 5 ? 5 : 4;
    const options = { protocolVersion: version };
    const send = (packet: object) => void socket.write(generate(packet, options));
    const fresh = parser(options);
    fresh.on('packet', (packet) => see(packet, { socket, number, version, send }));
    fresh.on('error', () => socket.destroy());
    return fresh;
  };
  socket.on('data', (chunk) => {
    decoder ??= begin(chunk);
    decoder.parse(chunk);
  });
};

/** Starts one, over TLS where a certificate is given. */
export const startRogueBroker = async (
  misbehaviour?: Misbehaviour,
  secure?: tls.SecureContextOptions,
): Promise<RogueBroker> => {
  const connects: number[] = [];
  const received = new Set<string>();
  const open = new Set<net.Socket>();
  let misbehave = misbehaviour;
  const see = (packet: Packet, connection: Connection) => {
    if (misbehave?.(packet, connection)) return;
    if (isAcknowledged(packet)) received.add(markOf(packet));
    politely(packet, connection);
  };
  const onSocket = (socket: net.Socket) => {
    const number = connects.push(performance.now()) - 1;
    open.add(socket);
    onPackets(socket, number, see);
    // A client that goes away in the middle of an answer is part of what is tested.
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  };
  const server = secure ? tls.createServer(secure, onSocket) : net.createServer(onSocket);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    connects,
    received,
    open,
    misbehave: (how) => {
      misbehave = how;
    },
    certify: (options) => (server as tls.Server).setSecureContext(options),
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
