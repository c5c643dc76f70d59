import { randomBytes, randomUUID } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { startBroker } from './mqtt/broker.ts';
import type { Core } from './model/core.ts';
import { folderDisk, memoryDisk } from './store/disk.ts';
import type { IdentityDocument } from './store/documents.ts';
import { appPrefix, apiPrefix, type Address } from './model/env.ts';
import { eventSource, type Events, type EventSource, type InstanceEvent } from './model/events.ts';
import type { TrafficLimits } from './mqtt/guarded-stream.ts';
import { openInbox } from './mqtt/inbox.ts';
import { listenHttp, listenMqtt, listenWebSocket, webSocketPath, type Listener } from './listeners.ts';
import { createOperator, type Operator } from './model/operator.ts';
import { restApi } from './rest/rest.ts';
import { openStore, type Store } from './store/store.ts';
import { tokensOf } from './model/access.ts';

/** How an instance is started. */
export interface InstanceOptions {
  /** @defaultValue 127.0.0.1 */
  readonly host?: string;
  /** 0 is any free port; with `dataDir`, the one of last time where it is free. @defaultValue 0 */
  readonly httpPort?: number;
  /** @defaultValue 0 */
  readonly mqttPort?: number;
  /** @defaultValue 0 */
  readonly webSocketPort?: number;
  /** Folder to keep everything in; without one, all is forgotten at the end. */
  readonly dataDir?: string;
  /** Signs the tokens. @defaultValue The one of `dataDir`, or a random one */
  readonly secret?: string;
  /** Bytes of an MQTT packet. @defaultValue 262_144 */
  readonly packetLimit?: number;
  /** Hold clients to the platform's 30 messages and 1 MB a second. @defaultValue false */
  readonly limits?: boolean;
  /** Ignore state reports that come sooner than the unit's PU_STATE_SEND_INTERVAL. @defaultValue true */
  readonly stateIntervalCheck?: boolean;
  /** Hears every event from the first on. */
  readonly log?: (event: InstanceEvent) => void;
}

/** An instance that runs. */
export interface Instance {
  /** `http://host:port`; the API is under `/pepeunit/api/v1`. */
  readonly httpUrl: string;
  /** `mqtt://host:port` */
  readonly mqttUrl: string;
  /** `ws://host:port/mqtt` */
  readonly webSocketUrl: string;
  /** `host:port`, the first segment of every topic. */
  readonly domain: string;
  /** Base of the REST API. */
  readonly apiUrl: string;
  readonly operator: Operator;
  readonly events: Events;
  /** Ends every connection, writes what is to be kept, and leaves no socket or timer. */
  stop(): Promise<void>;
}

const freshIdentity = (secret: string | undefined): IdentityDocument => ({
  secret: secret ?? randomBytes(32).toString('base64url'),
  operatorUuid: randomUUID(),
  httpPort: 0,
  mqttPort: 0,
  webSocketPort: 0,
});

const identify = ({ identity }: Store, secret: string | undefined): IdentityDocument =>
  identity ? { ...identity, secret: secret ?? identity.secret } : freshIdentity(secret);

const trafficLimits = ({ packetLimit = 256 * 1024, limits = false }: InstanceOptions): TrafficLimits => ({
  packetBytes: packetLimit,
  ...(limits ? { messagesPerSecond: 30, bytesPerSecond: 1_000_000 } : {}),
});

/** An IPv6 address in brackets, as URLs want it. */
const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const wildcards: Readonly<Record<string, string>> = { '0.0.0.0': 'IPv4', '::': 'IPv6' };

/** The host that units are told: for a wildcard, the first address that other machines can reach, else loopback. */
const reachable = (host: string): string => {
  const family = wildcards[host];
  if (family === undefined) return host;
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outer = addresses.find(
    (found) => found.family === family && !found.internal && !found.address.startsWith('fe80:'),
  );
  return outer?.address ?? (family === 'IPv4' ? '127.0.0.1' : '::1');
};

/** Everything that was opened, to be closed in the opposite order. */
const closerStack = (events: EventSource) => {
  const closers: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const close = async () => {
    for (const closeOne of closers.toReversed()) {
      await closeOne().catch((thrown: unknown) => events.fault('A part of the instance did not close', thrown));
    }
  };
  return {
    add: (closeOne: () => Promise<void>) => void closers.push(closeOne),
    /** What can't be closed is told, and does not keep the rest open; a second call waits for the first. */
    closeAll: () => (closing ??= close()),
  };
};
type Closers = ReturnType<typeof closerStack>;

/** What connections and requests wait for until the ports, and with them every topic, are known. */
interface Doors {
  readonly accept: (connection: Duplex) => void;
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

/** Doors that open later. */
const closedDoors = () => {
  const resolvers: ((doors: Doors) => void)[] = [];
  const doors = new Promise<Doors>((resolve) => resolvers.push(resolve));
  return { doors, openDoors: (open: Doors) => resolvers.forEach((resolve) => resolve(open)) };
};

/** Opens the three ports; whoever comes early waits for the doors. */
const listenAll = async (
  options: InstanceOptions,
  identity: IdentityDocument,
  limits: TrafficLimits,
  doors: Promise<Doors>,
  closers: Closers,
  events: EventSource,
) => {
  const { host = '127.0.0.1', httpPort = 0, mqttPort = 0, webSocketPort = 0 } = options;
  const onError = (thrown: unknown) => events.fault('A port of the instance failed', thrown);
  const accept = (connection: Duplex) => void doors.then((open) => open.accept(connection), onError);
  const fetch = async (request: Request) => (await doors).fetch(request);
  const keep = (listener: Listener): number => {
    closers.add(() => listener.close());
    return listener.port;
  };
  const on = (port: number, lastPort: number) => ({ host, port, lastPort, onError });
  return {
    mqttPort: keep(await listenMqtt(on(mqttPort, identity.mqttPort), accept)),
    webSocketPort: keep(
      await listenWebSocket(on(webSocketPort, identity.webSocketPort), 4 * limits.packetBytes, accept),
    ),
    httpPort: keep(await listenHttp(on(httpPort, identity.httpPort), fetch)),
  };
};

/** Builds the parts that need the ports: the broker, the operator and the REST API. */
const furnish = async (
  options: InstanceOptions,
  store: Store,
  identity: IdentityDocument,
  address: Address,
  events: EventSource,
) => {
  const tokens = tokensOf(identity.secret);
  const core: Core = { store, tokens, events, address, publish: (topic, payload) => broker.publish(topic, payload) };
  const inbox = openInbox(core, { isIntervalChecked: options.stateIntervalCheck ?? true });
  const { domain } = address;
  const broker = await startBroker({ store, tokens, events, domain, limits: trafficLimits(options), ...inbox });
  const token = await tokens.issue({ type: 'User', uuid: identity.operatorUuid });
  const operator = createOperator(core, token, identity.operatorUuid);
  return { broker, operator, api: restApi({ core, operator }) };
};

const run = async (options: InstanceOptions, events: EventSource, closers: Closers): Promise<Instance> => {
  const { host = '127.0.0.1', dataDir } = options;
  const onStoreError = (thrown: unknown) => events.fault('The last values of nodes were not written', thrown);
  const store = await openStore(dataDir === undefined ? memoryDisk() : folderDisk(dataDir), onStoreError);
  closers.add(() => store.close());
  const identity = identify(store, options.secret);
  const { doors, openDoors } = closedDoors();
  const ports = await listenAll(options, identity, trafficLimits(options), doors, closers, events);
  await store.keepIdentity({ ...identity, ...ports });
  const domain = `${inUrl(reachable(host))}:${ports.httpPort}`;
  const address: Address = { domain, mqttHost: reachable(host), mqttPort: ports.mqttPort };
  const { broker, operator, api } = await furnish(options, store, identity, address, events);
  closers.add(() => broker.close());
  openDoors({ accept: (connection) => broker.accept(connection), fetch: (request) => api.fetch(request) });
  return {
    httpUrl: `http://${domain}`,
    apiUrl: `http://${domain}${appPrefix}${apiPrefix}`,
    mqttUrl: `mqtt://${inUrl(reachable(host))}:${ports.mqttPort}`,
    webSocketUrl: `ws://${inUrl(reachable(host))}:${ports.webSocketPort}${webSocketPath}`,
    domain,
    operator,
    events,
    stop: () => closers.closeAll(),
  };
};

/**
 * Starts an embedded Pepeunit: an MQTT 3.1.1 broker over TCP and WebSocket, and the REST API, as a unit meets them.
 *
 * A CONNECT of MQTT 5 is answered with return code 1, "unacceptable protocol version" (MQTT 3.1.1, section 3.2.2.3).
 *
 * @throws {InstanceError} `io` when a port or the data folder can't be had; nothing is left open then.
 * @example
 * const instance = await startInstance();
 * const unit = await instance.operator.createUnit({ name: 'fan', folder: './fan' });
 * await instance.stop();
 */
export const startInstance = async (options: InstanceOptions = {}): Promise<Instance> => {
  const events = eventSource();
  if (options.log) events.subscribe(options.log);
  const closers = closerStack(events);
  try {
    return await run(options, events, closers);
  } catch (thrown) {
    await closers.closeAll();
    throw thrown;
  }
};
