import net from 'node:net';
import http from 'node:http';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { withWholeReads } from '../../app/instance/mqtt/guarded-stream.ts';

export interface AedesBroker {
  readonly aedes: Aedes;
  readonly port: number;
  readonly webSocketPort: number;
  stop(): Promise<void>;
}

const listen = (server: net.Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port)));

/** Starts an aedes broker on loopback, over TCP and WebSocket; topics with such a word in them are refused. */
export const startAedes = async (denied = 'denied'): Promise<AedesBroker> => {
  const aedes = await Aedes.createBroker({
    authenticate: (_client, username, _password, done) =>
      username === 'wrong' ? done(Object.assign(new Error('no'), { returnCode: 4 }), false) : done(null, true),
    authorizeSubscribe: (_client, subscription, done) =>
      done(null, subscription.topic.includes(denied) ? null : subscription),
  });
  const tcp = net.createServer((socket) => void aedes.handle(socket));
  const web = http.createServer();
  const sockets = new WebSocketServer({ server: web });
  sockets.on(
    'connection',
    (socket, request) => void aedes.handle(withWholeReads(createWebSocketStream(socket)), request),
  );
  const [port, webSocketPort] = [await listen(tcp), await listen(web)];
  return {
    aedes,
    port,
    webSocketPort,
    stop: async () => {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      web.closeAllConnections();
      await Promise.all([tcp, web].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
};
