import { randomInt } from 'node:crypto';
import net from 'node:net';

/** Ports below those that hosts give to whoever asks for any: no other test gets one of them by chance. */
const ports = { from: 10_000, to: 32_000 } as const;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = net.createServer().on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** A TCP port of loopback that nothing listens on. */
export const freePort = async (): Promise<number> => {
  const port = randomInt(ports.from, ports.to);
  return (await isFree(port)) ? port : freePort();
};
