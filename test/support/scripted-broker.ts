import net from 'node:net';

export interface ScriptedBroker {
  readonly port: number;
  /** Connections that are open. */
  readonly open: ReadonlySet<net.Socket>;
  /** Bytes that came over all connections. */
  received(): Buffer;
  stop(): Promise<void>;
}

/** A TCP server that answers each chunk as it is told, well or badly. */
export const startScriptedBroker = async (
  answer: (socket: net.Socket, chunk: Buffer, count: number) => void = () => undefined,
): Promise<ScriptedBroker> => {
  const open = new Set<net.Socket>();
  const chunks: Buffer[] = [];
  const server = net.createServer((socket) => {
    open.add(socket);
    let count = 0;
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      answer(socket, chunk, count);
      count += 1;
    });
    // A client that goes away in the middle of an answer is part of what is tested.
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    open,
    received: () => Buffer.concat(chunks),
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};

/** CONNACK, accepted, of MQTT 3.1.1 and of MQTT 5 without properties. */
export const connack = { 4: Buffer.from([0x20, 2, 0, 0]), 5: Buffer.from([0x20, 3, 0, 0, 0]) } as const;
