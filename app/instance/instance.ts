import { randomBytes, randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { startBroker } from './mqtt/broker.ts';
import type { Core } from './model/core.ts';
import { folderDisk, memoryDisk } from './store/disk.ts';
import type { IdentityDocument } from './store/documents.ts';
import { appPrefix, apiPrefix, type Address } from './model/env.ts';
import { createEventHub, type Events, type EventHub, type InstanceEvent } from './model/events.ts';
import type { TrafficLimits } from './mqtt/guarded-stream.ts';
import { createInbox } from './mqtt/inbox.ts';
import {
  inUrl,
  listenHttp,
  listenMqtt,
  listenWebSocket,
  reachable,
  webSocketPath,
  type Listener,
} from './listeners.ts';
import { createOperator, type Operator } from './model/operator.ts';
import { restApi } from './rest/rest.ts';
import { openStore, type Store } from './store/store.ts';
import { createTokens } from './model/access.ts';

/** Options of {@link startInstance}. */
export interface InstanceOptions {
  /** Address to listen on. `0.0.0.0` and `::` listen on all. @defaultValue `'127.0.0.1'` */
  readonly host?: string;
  /** Port of the REST API; 0 is any free port; with `dataDir`, last time's where it is free. @defaultValue 0 */
  readonly httpPort?: number;
  /** Port of MQTT over TCP; 0 as above. @defaultValue 0 */
  readonly mqttPort?: number;
  /** Port of MQTT over WebSocket; 0 as above. @defaultValue 0 */
  readonly webSocketPort?: number;
  /** Folder that keeps all data. @defaultValue all data is in memory and lost at the end */
  readonly dataDir?: string;
  /** Signs the tokens. @defaultValue the one in `dataDir`, or a random one */
  readonly secret?: string;
  /** Bytes of the largest MQTT packet. @defaultValue 262_144 */
  readonly packetLimit?: number;
  /** Hold clients to the platform's 30 messages and 1 MB a second. @defaultValue false */
  readonly limits?: boolean;
  /** Ignore state reports that come sooner than the unit's PU_STATE_SEND_INTERVAL. @defaultValue true */
  readonly stateIntervalCheck?: boolean;
  /** Called with every event from the first on. */
  readonly log?: (event: InstanceEvent) => void;
}

/** A running instance. */
export interface Instance {
  /**
   * `http://host:port`
   *
   * @example
   * const { status } = await fetch(instance.httpUrl);
   */
  readonly httpUrl: string;
  /**
   * `mqtt://host:port`
   *
   * @example
   * const { port } = new URL(instance.mqttUrl);
   */
  readonly mqttUrl: string;
  /**
   * `ws://host:port/mqtt`
   *
   * @example
   * const { pathname } = new URL(instance.webSocketUrl); // '/mqtt'
   */
  readonly webSocketUrl: string;
  /**
   * `host:port`: PU_DOMAIN of the units, and the first segment of every topic.
   *
   * @example
   * const topicPrefix = `${instance.domain}/`;
   */
  readonly domain: string;
  /**
   * Base of the REST API, `http://host:port/pepeunit/api/v1`.
   *
   * @example
   * const response = await fetch(`${instance.apiUrl}/units`, {
   *   headers: { 'x-auth-token': instance.operator.token },
   * });
   */
  readonly apiUrl: string;
  /**
   * What a person does with the platform: make units, set their env, link their nodes, send commands.
   *
   * @example
   * const { count } = instance.operator.listUnits();
   */
  readonly operator: Operator;
  /**
   * What happens in the instance: connections, messages, reports, commands and faults.
   *
   * @example
   * const stopListening = instance.events.on('published', ({ unit, topic }) => console.log(unit, topic));
   * stopListening();
   */
  readonly events: Events;
  /**
   * Ends every connection, writes what `dataDir` keeps, and leaves no socket or timer. A second call waits for the
   * first. Never rejects: what can't be closed becomes a `fault` event.
   *
   * @example
   * await instance.stop();
   */
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

/** Everything that was opened, to be closed in the opposite order. */
const createClosers = (events: EventHub) => {
  const closers: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const close = async () => {
    for (const closeOne of closers.toReversed()) {
      await closeOne().catch((thrown: unknown) => events.fault('A part of the instance did not close', thrown));
    }
  };
  return {
    add: (closeOne: () => Promise<void>) => void closers.push(closeOne),
    /** Closes the rest even when one fails, which becomes a `fault`. A second call waits for the first. */
    closeAll: () => (closing ??= close()),
  };
};
type Closers = ReturnType<typeof createClosers>;

/** What answers connections and requests. */
interface Handlers {
  readonly accept: (connection: Duplex) => void;
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

/** Handlers that come once the ports, and with them every topic, are known. */
const lateHandlers = () => {
  const waiting: ((handlers: Handlers) => void)[] = [];
  const handlers = new Promise<Handlers>((resolve) => waiting.push(resolve));
  return { handlers, provide: (given: Handlers) => waiting.forEach((resolve) => resolve(given)) };
};

/** Opens the three ports; early connections and requests wait for their handlers. */
const listenAll = async (
  options: InstanceOptions,
  identity: IdentityDocument,
  limits: TrafficLimits,
  handlers: Promise<Handlers>,
  closers: Closers,
  events: EventHub,
) => {
  const { host = '127.0.0.1', httpPort = 0, mqttPort = 0, webSocketPort = 0 } = options;
  const onError = (thrown: unknown) => events.fault('A port of the instance failed', thrown);
  const accept = (connection: Duplex) => void handlers.then((ready) => ready.accept(connection), onError);
  const fetch = async (request: Request) => (await handlers).fetch(request);
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

/** Starts what needs the ports: the broker, the operator and the REST API. */
const startParts = async (
  options: InstanceOptions,
  store: Store,
  identity: IdentityDocument,
  address: Address,
  events: EventHub,
) => {
  const tokens = createTokens(identity.secret);
  const inbox = createInbox({ store, events, address }, { isIntervalChecked: options.stateIntervalCheck ?? true });
  const limits = trafficLimits(options);
  const broker = await startBroker({ store, tokens, events, domain: address.domain, limits, ...inbox });
  const core: Core = { store, tokens, events, address, publish: broker.publish };
  const token = await tokens.issue({ type: 'User', uuid: identity.operatorUuid });
  const operator = createOperator(core, token, identity.operatorUuid);
  return { broker, operator, api: restApi({ core, operator }) };
};

const run = async (options: InstanceOptions, events: EventHub, closers: Closers): Promise<Instance> => {
  const { host = '127.0.0.1', dataDir } = options;
  const onStoreError = (thrown: unknown) => events.fault('The last values of nodes were not written', thrown);
  const store = await openStore(dataDir === undefined ? memoryDisk() : folderDisk(dataDir), onStoreError);
  closers.add(() => store.close());
  const identity = identify(store, options.secret);
  const { handlers, provide } = lateHandlers();
  const ports = await listenAll(options, identity, trafficLimits(options), handlers, closers, events);
  await store.keepIdentity({ ...identity, ...ports });
  const domain = `${inUrl(reachable(host))}:${ports.httpPort}`;
  const address: Address = { domain, mqttHost: reachable(host), mqttPort: ports.mqttPort };
  const { broker, operator, api } = await startParts(options, store, identity, address, events);
  closers.add(() => broker.close());
  provide({ accept: broker.accept, fetch: (request) => api.fetch(request) });
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
 * Starts an embedded Pepeunit for development and tests: an MQTT 3.1.1 broker over TCP and WebSocket, and the REST API.
 *
 * It refuses MQTT 5 with return code 1, "unacceptable protocol version" (MQTT 3.1.1, section 3.2.2.3).
 *
 * @throws {InstanceError} `io` when it can't have a port or the data folder; nothing is left open then.
 * @example
 * import { startInstance } from 'pepeunit-client/instance';
 *
 * const started = await startInstance();
 * console.log(started.apiUrl, started.mqttUrl);
 * await started.stop();
 */
export const startInstance = async (options: InstanceOptions = {}): Promise<Instance> => {
  const events = createEventHub();
  if (options.log) events.subscribe(options.log);
  const closers = createClosers(events);
  try {
    return await run(options, events, closers);
  } catch (thrown) {
    await closers.closeAll();
    throw thrown;
  }
};
