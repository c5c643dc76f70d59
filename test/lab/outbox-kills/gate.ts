import net from 'node:net';
import type { Packet } from 'mqtt';
import { parser } from '../../support/mqtt.ts';

/** A message that a broker acknowledged. */
export interface Acknowledged {
  readonly topic: string;
  readonly text: string;
}

/** The way from units to a broker that comes and goes; its own port stays. */
export interface Gate {
  readonly port: number;
  /** Each message whose PUBACK passed, in order. */
  readonly acknowledged: readonly Acknowledged[];
  /** Leads to this broker from now on, or to none. */
  lead(port: number | undefined): void;
  stop(): Promise<void>;
}

const watch = (see: (packet: Packet) => void) => {
  const decoder = parser({ protocolVersion: 5 });
  decoder.on('packet', see);
  // What is cut off in the middle of a packet is no packet.
  decoder.on('error', () => undefined);
  return (bytes: Buffer) => void decoder.parse(bytes);
};

/** Notes what a broker acknowledges, so that it may be killed without taking the evidence with it. */
export const openGate = async (): Promise<Gate> => {
  const acknowledged: Acknowledged[] = [];
  const sockets = new Set<net.Socket>();
  let target: number | undefined;
  const join = (from: net.Socket, to: net.Socket, see: (bytes: Buffer) => void) => {
    sockets.add(from);
    from.on('data', (bytes) => {
      see(bytes);
      to.write(bytes);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = net.createServer((unit) => {
    if (target === undefined) return void unit.destroy();
    const broker = net.connect(target, '127.0.0.1');
    const onTheWay = new Map<number, Acknowledged>();
    join(
      unit,
      broker,
      watch((packet) => {
        if (packet.cmd !== 'publish' || packet.qos !== 1) return;
        onTheWay.set(packet.messageId ?? 0, { topic: packet.topic, text: packet.payload.toString() });
      }),
    );
    join(
      broker,
      unit,
      watch((packet) => {
        const message = packet.cmd === 'puback' ? onTheWay.get(packet.messageId ?? 0) : undefined;
        if (message) acknowledged.push(message);
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    acknowledged,
    lead: (port) => {
      target = port;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
