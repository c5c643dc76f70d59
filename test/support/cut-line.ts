import net from 'node:net';
import { Transform } from 'node:stream';
import { freePort } from './ports.ts';

/** A line to a server that a test cuts and mends; its port stays the same. */
export interface CutLine {
  readonly port: number;
  /** Ends all connections and refuses new ones, as if the server had been killed. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  stop(): Promise<void>;
}

/** A stretch of line on which each chunk takes this long, and those behind it wait. */
const longWay = (delayMs: number): Transform =>
  new Transform({ transform: (chunk, _, done) => void setTimeout(done, delayMs, undefined, chunk) });

/** Lays a line to a port on loopback; each way takes at least as long as the delay, milliseconds. */
export const layLine = async (to: number, delayMs = 0): Promise<CutLine> => {
  const ends = new Set<net.Socket>();
  const keep = (socket: net.Socket) => {
    ends.add(socket);
    // A line that is cut in the middle of something is part of what is tested.
    socket.on('error', () => undefined).on('close', () => ends.delete(socket));
  };
  const server = net.createServer((near) => {
    const far = net.connect(to, '127.0.0.1');
    keep(near);
    keep(far);
    near.pipe(longWay(delayMs)).pipe(far).pipe(longWay(delayMs)).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const port = await freePort();
  await listen(port);
  const cut = async () => {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of ends) socket.destroy();
    await closed;
  };
  return { port, cut, mend: () => listen(port), stop: cut };
};
