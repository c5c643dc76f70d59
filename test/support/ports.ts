import net from 'node:net';

/** A TCP port on loopback that nothing listens on. */
export const closedPort = (): Promise<number> =>
  new Promise((found) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => found(port));
    });
  });
