import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { InstanceError } from './errors.ts';
import type { OriginCheck } from './model/origins.ts';

/** Puts an IPv6 address in brackets, as URLs need it. */
export const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const wildcards: Readonly<Record<string, string>> = { '0.0.0.0': 'IPv4', '::': 'IPv6' };

/** Finds the host for the units' env: for a wildcard, the first address that other machines can reach, else loopback. */
export const reachable = (host: string): string => {
  const family = wildcards[host];
  if (family === undefined) return host;
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outer = addresses.find(
    (found) => found.family === family && !found.internal && !found.address.startsWith('fe80:'),
  );
  return outer?.address ?? (family === 'IPv4' ? '127.0.0.1' : '::1');
};

/** A listening server. */
export interface Listener {
  readonly port: number;
  /** Closes the port and every connection. */
  close(): Promise<void>;
}

/** Options of one listener. */
interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Port of the last run; 0 for none. */
  readonly lastPort: number;
  /** Callback for errors after the start. */
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

/** Listens on a port; 0 takes the one of the last run if it is free, else any free one. @throws {InstanceError} `io` */
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
const listenHttp = (
  options: ListenOptions,
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<Listener> => listen(createAdaptorServer({ fetch, overrideGlobalObjects: false }), options);

/** Serves MQTT over TCP. */
const listenMqtt = (options: ListenOptions, accept: (connection: Duplex) => void): Promise<Listener> =>
  listen(createTcpServer({ noDelay: true }, accept), options);

/** Path of MQTT over WebSocket, the same as EMQX's. */
export const webSocketPath = '/mqtt';

const mqttProtocol = (offered: Set<string>): string | false =>
  ['mqtt', 'mqttv3.1'].find((protocol) => offered.has(protocol)) ?? false;

/** What MQTT over WebSocket asks of a connection. */
interface WebSocketRules {
  /** Size of the longest message, bytes; a longer one ends its connection. */
  readonly messageBytes: number;
  /** Time to ask for a WebSocket, milliseconds. */
  readonly connectTimeoutMs: number;
  readonly isAllowed: OriginCheck;
}

/** Serves MQTT over WebSocket. A page of an origin that is not allowed is answered with 403. */
const listenWebSocket = (
  options: ListenOptions,
  { messageBytes, connectTimeoutMs, isAllowed }: WebSocketRules,
  accept: (connection: Duplex) => void,
): Promise<Listener> => {
  const server = createHttpServer(
    {
      headersTimeout: connectTimeoutMs,
      requestTimeout: connectTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, connectTimeoutMs),
    },
    (_request, response) => void response.writeHead(426).end(),
  );
  const webSockets = new WebSocketServer({
    server,
    path: webSocketPath,
    maxPayload: messageBytes,
    perMessageDeflate: false,
    handleProtocols: mqttProtocol,
    verifyClient: ({ req }, answer) => answer(isAllowed(req.headers.origin), 403),
  });
  webSockets.on('connection', (webSocket) => accept(createWebSocketStream(webSocket)));
  // The library repeats the server's errors here, which would crash without a listener; `listen` handles them.
  webSockets.on('error', () => undefined);
  return listen(server, options);
};

/** Ports of the three servers. */
interface Ports {
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly webSocketPort: number;
}

/** Handlers of connections and requests. */
interface Handlers {
  readonly accept: (connection: Duplex) => void;
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

/** Creates a promise of the handlers, which depend on the ports, and the function that fulfils it. */
export const lateHandlers = () => {
  let provide!: (handlers: Handlers) => void;
  const handlers = new Promise<Handlers>((resolve) => (provide = resolve));
  return { handlers, provide };
};

/** Options of {@link listenAll}. */
interface ListenAllOptions extends Pick<ListenOptions, 'host' | 'onError'> {
  readonly ports: Ports;
  /** Ports of the last run; 0 for none. */
  readonly lastPorts: Ports;
  readonly webSocket: WebSocketRules;
  /** Takes each listener as soon as it listens, so that it is closed even if a later one fails. */
  readonly onOpen: (listener: Listener) => void;
}

/** Opens the three ports. Early connections and requests wait for their handlers. @throws {InstanceError} `io` */
export const listenAll = async (
  handlers: Promise<Handlers>,
  { host, ports, lastPorts, webSocket, onOpen, onError }: ListenAllOptions,
): Promise<Ports> => {
  const accept = (connection: Duplex) => void handlers.then((ready) => ready.accept(connection), onError);
  const fetch = async (request: Request) => (await handlers).fetch(request);
  const on = (name: keyof Ports) => ({ host, port: ports[name], lastPort: lastPorts[name], onError });
  const open = async (listening: Promise<Listener>): Promise<number> => {
    const listener = await listening;
    onOpen(listener);
    return listener.port;
  };
  return {
    mqttPort: await open(listenMqtt(on('mqttPort'), accept)),
    webSocketPort: await open(listenWebSocket(on('webSocketPort'), webSocket, accept)),
    httpPort: await open(listenHttp(on('httpPort'), fetch)),
  };
};
