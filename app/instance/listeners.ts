import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { InstanceError } from './errors.ts';

/** An IPv6 address in brackets, as URLs want it. */
export const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const wildcards: Readonly<Record<string, string>> = { '0.0.0.0': 'IPv4', '::': 'IPv6' };

/** The host in the env of units: for a wildcard, the first address that other machines can reach, else loopback. */
export const reachable = (host: string): string => {
  const family = wildcards[host];
  if (family === undefined) return host;
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outer = addresses.find(
    (found) => found.family === family && !found.internal && !found.address.startsWith('fe80:'),
  );
  return outer?.address ?? (family === 'IPv4' ? '127.0.0.1' : '::1');
};

/** A server that listens. */
export interface Listener {
  readonly port: number;
  /** Closes the port and every connection. */
  close(): Promise<void>;
}

/** Where to listen. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The port of last time, 0 when there was none. */
  readonly lastPort: number;
  /** Called with what goes wrong later. */
  readonly onError: (error: unknown) => void;
}

const listenOn = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        new InstanceError('io', `${host}:${port} can't be listened on. Free the port or choose another.`, { cause }),
      );
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve((server.address() as AddressInfo).port);
    });
  });

/** Listens on the port asked for; 0 is the one of last time, or any free one. */
const listen = async (server: Server, { host, port, lastPort, onError }: ListenOptions): Promise<Listener> => {
  server.on('error', (error) => {
    if (server.listening) onError(error);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const isAgain = port === 0 && lastPort !== 0;
  const taken = isAgain ? await listenOn(server, host, lastPort).catch(() => undefined) : undefined;
  return {
    port: taken ?? (await listenOn(server, host, port)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        sockets.forEach((socket) => socket.destroy());
      }),
  };
};

/** Serves the REST API. */
export const listenHttp = (
  options: ListenOptions,
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<Listener> => listen(createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server, options);

/** Serves MQTT over TCP. */
export const listenMqtt = (options: ListenOptions, accept: (connection: Duplex) => void): Promise<Listener> =>
  listen(createTcpServer({ noDelay: true }, accept), options);

/** Where MQTT over WebSocket is served, as EMQX has it. */
export const webSocketPath = '/mqtt';

const mqttProtocol = (offered: Set<string>): string | false =>
  ['mqtt', 'mqttv3.1'].find((protocol) => offered.has(protocol)) ?? false;

/** Serves MQTT over WebSocket. @param messageBytes Longer WebSocket messages end the connection. */
export const listenWebSocket = (
  options: ListenOptions,
  messageBytes: number,
  accept: (connection: Duplex) => void,
): Promise<Listener> => {
  const server = createHttpServer((_request, response) => void response.writeHead(426).end());
  const webSockets = new WebSocketServer({
    server,
    path: webSocketPath,
    maxPayload: messageBytes,
    perMessageDeflate: false,
    handleProtocols: mqttProtocol,
  });
  webSockets.on('connection', (webSocket) => accept(createWebSocketStream(webSocket)));
  // The library repeats the server's errors here, where no listener would mean a crash; `listen` answers for them.
  webSockets.on('error', () => undefined);
  return listen(server, options);
};
