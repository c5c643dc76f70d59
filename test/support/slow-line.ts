import net from 'node:net';

/** A line that carries so many bytes a second, as a radio does. */
export interface SlowLine {
  readonly port: number;
  /** How many connections were made over it. */
  connections(): number;
  stop(): Promise<void>;
}

const tickMs = 50;

/** Carries so many bytes a second from one end to the other; the rest waits. @returns Stops it. */
const carry = (from: net.Socket, to: net.Socket, bytesPerSecond: number): (() => void) => {
  let waiting = Buffer.alloc(0);
  from.on('data', (chunk: Buffer) => (waiting = Buffer.concat([waiting, chunk])));
  const tick = setInterval(() => {
    const room = (bytesPerSecond * tickMs) / 1000;
    if (waiting.length > 0) to.write(waiting.subarray(0, room));
    waiting = waiting.subarray(room);
  }, tickMs);
  return () => clearInterval(tick);
};

/**
 * Lays a slow line to a port on loopback. What it was given waits in it.
 *
 * @param backPerSecond Bytes a second on the way back. @defaultValue as many as come
 */
export const laySlowLine = async (to: number, bytesPerSecond: number, backPerSecond = Infinity): Promise<SlowLine> => {
  const ends = new Set<net.Socket>();
  let connections = 0;
  const keep = (socket: net.Socket) => {
    ends.add(socket);
    // The end of a connection may reset its other half.
    socket.on('error', () => undefined).on('close', () => ends.delete(socket));
  };
  const server = net.createServer((near) => {
    connections += 1;
    const far = net.connect(to, '127.0.0.1');
    keep(near);
    keep(far);
    const stops = [carry(near, far, bytesPerSecond), carry(far, near, backPerSecond)];
    near.on('close', () => {
      for (const stop of stops) stop();
      far.destroy();
    });
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    connections: () => connections,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of ends) socket.destroy();
      await closed;
    },
  };
};
