import net from 'node:net';
import type { Packet } from 'mqtt';
import { parser } from './mqtt.ts';

/** What went over one connection. */
interface Recording {
  readonly sent: Packet[];
  readonly received: Packet[];
  readonly sentBytes: Buffer[];
  closed: boolean;
}

export interface RecordingProxy {
  readonly port: number;
  readonly connections: readonly Recording[];
  /** The only connection there was. */
  readonly connection: Recording;
  /** Cuts every connection that is open. */
  cut(): void;
  /** Stops to forward anything, in both directions, without closing. */
  freeze(): void;
  stop(): Promise<void>;
}

const decodeInto = (packets: Packet[], protocolVersion: number) => {
  const decoder = parser({ protocolVersion });
  decoder.on('packet', (packet) => packets.push(packet));
  // A WebSocket's frames are no MQTT: then there is nothing to decode.
  decoder.on('error', () => undefined);
  return (bytes: Uint8Array) => void decoder.parse(bytes);
};

/** A TCP proxy in front of a broker that keeps and decodes what passes, both ways. */
export const startRecordingProxy = async (target: number, protocolVersion: 4 | 5): Promise<RecordingProxy> => {
  const connections: Recording[] = [];
  const sockets = new Set<net.Socket>();
  const pipe = (from: net.Socket, to: net.Socket, see: (bytes: Buffer) => void) => {
    from.on('data', (bytes) => {
      see(bytes);
      to.write(bytes);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => sockets.delete(from));
    sockets.add(from);
  };
  const server = net.createServer((client) => {
    const recording: Recording = { sent: [], received: [], sentBytes: [], closed: false };
    connections.push(recording);
    const seeSent = decodeInto(recording.sent, protocolVersion);
    const broker = net.connect(target, '127.0.0.1');
    pipe(client, broker, (bytes) => {
      recording.sentBytes.push(bytes);
      seeSent(bytes);
    });
    pipe(broker, client, decodeInto(recording.received, protocolVersion));
    client.on('close', () => (recording.closed = true));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    connections,
    get connection() {
      const [only, ...others] = connections;
      if (!only || others.length > 0) throw new Error(`There were ${connections.length} connections`);
      return only;
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
