import { randomBytes, randomUUID } from 'node:crypto';
import type { LockWait } from '../../adapters/node/fs/lock.ts';
import { startBroker } from './mqtt/broker.ts';
import type { Core } from './model/core.ts';
import { folderDisk, memoryDisk } from './store/disk.ts';
import type { IdentityDocument } from './store/documents.ts';
import { appPrefix, apiPrefix, type Address } from './model/env.ts';
import { createEventHub, type Events, type EventHub, type InstanceEvent } from './model/events.ts';
import type { TrafficLimits } from './mqtt/guarded-stream.ts';
import { createInbox } from './mqtt/inbox.ts';
import { inUrl, lateHandlers, listenAll, reachable, webSocketPath } from './listeners.ts';
import { originCheck, type OriginCheck } from './model/origins.ts';
import { createOperator, type Operator } from './model/operator.ts';
import { restApi } from './rest/rest.ts';
import { lockData } from './store/lock.ts';
import { openStore, type Store } from './store/store.ts';
import { createTokens } from './model/access.ts';

/** Options of {@link startInstance}. */
export interface InstanceOptions {
  /** Address to listen on; `0.0.0.0` or `::` for every interface. @defaultValue `'127.0.0.1'` */
  readonly host?: string | undefined;
  /** Port of the REST API. 0 takes a free one: with `dataDir` the last one again, if it is free. @defaultValue 0 */
  readonly httpPort?: number | undefined;
  /** Port of MQTT over TCP; 0 as for `httpPort`. @defaultValue 0 */
  readonly mqttPort?: number | undefined;
  /** Port of MQTT over WebSocket; 0 as for `httpPort`. @defaultValue 0 */
  readonly webSocketPort?: number | undefined;
  /** Folder for all data, of one instance at a time. @defaultValue none: data stays in memory and is lost at the end */
  readonly dataDir?: string | undefined;
  /** Secret that signs the tokens. @defaultValue the one in `dataDir`, or a random one */
  readonly secret?: string | undefined;
  /** Size of the largest MQTT packet, bytes; a larger one ends its connection, of MQTT 5 by 0x95. @defaultValue 262_144 */
  readonly packetLimit?: number | undefined;
  /** Newest version of MQTT that the broker speaks: 5, or 3.1.1 (`4`), as a broker that refuses 5. @defaultValue 5 */
  readonly protocol?: 4 | 5 | undefined;
  /** Time for a connection to send CONNECT before it is ended, milliseconds. @defaultValue 10_000 */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Origins, such as `https://app.test`, whose pages may use the REST API and MQTT over WebSocket; those of loopback and of
   * `host` always may.
   *
   * @defaultValue none
   */
  readonly origins?: readonly string[] | undefined;
  /** Whether clients are slowed down to the platform's 30 messages and 1 MB a second. @defaultValue false */
  readonly limits?: boolean | undefined;
  /** Whether state reports that come before PU_STATE_SEND_INTERVAL is over are ignored. @defaultValue true */
  readonly stateIntervalCheck?: boolean | undefined;
  /** Callback for every event, from the first one on. */
  readonly log?: ((event: InstanceEvent) => void) | undefined;
  /**
   * Signal that ends the start, also its wait for `dataDir`: it rejects with the signal's reason, and nothing is left open.
   * An instance that runs is ended by its `stop()`.
   *
   * @defaultValue none
   * @example
   * const instance = await startInstance({ dataDir: 'instance-data', signal: AbortSignal.timeout(5_000) });
   */
  readonly signal?: AbortSignal | undefined;
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
   * `host:port`: the units' PU_DOMAIN, and the first segment of every topic.
   *
   * @example
   * const topicPrefix = `${instance.domain}/`;
   */
  readonly domain: string;
  /**
   * Base URL of the REST API, `http://host:port/pepeunit/api/v1`.
   *
   * @example
   * const response = await fetch(`${instance.apiUrl}/units`, {
   *   headers: { 'x-auth-token': instance.operator.token },
   * });
   */
  readonly apiUrl: string;
  /**
   * The operator's side: creates units, sets their env, links their nodes, sends commands.
   *
   * @example
   * const { count } = instance.operator.listUnits();
   */
  readonly operator: Operator;
  /**
   * Events of the instance: connections, messages, reports, commands and faults.
   *
   * @example
   * const stopListening = instance.events.on('published', ({ unit, topic }) => console.log(unit, topic));
   * stopListening();
   */
  readonly events: Events;
  /**
   * Closes every connection, writes pending data to `dataDir`, and leaves no socket or timer. A second call waits for
   * the first. Never rejects: a part that fails to close becomes a `fault` event.
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

const connectTimeoutMs = ({ connectTimeoutMs: given = 10_000 }: InstanceOptions): number => given;

/** Collects how to close what was opened, and closes it in reverse order. */
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
    /** A failure becomes a `fault`, and does not keep the rest open. A second call waits for the first. */
    closeAll: () => (closing ??= close()),
  };
};
type Closers = ReturnType<typeof createClosers>;

/** What the parts of an instance are started on. */
interface Foundation {
  readonly store: Store;
  readonly identity: IdentityDocument;
  readonly address: Address;
  readonly events: EventHub;
  readonly isAllowed: OriginCheck;
}

/** Starts the parts that need the ports: the broker, the operator and the REST API. */
const startParts = async (options: InstanceOptions, { store, identity, address, events, isAllowed }: Foundation) => {
  const tokens = createTokens(identity.secret);
  const inbox = createInbox({ store, events, address }, { isIntervalChecked: options.stateIntervalCheck ?? true });
  const broker = await startBroker({
    store,
    tokens,
    events,
    domain: address.domain,
    limits: trafficLimits(options),
    protocol: options.protocol ?? 5,
    connectTimeoutMs: connectTimeoutMs(options),
    ...inbox,
  });
  const core: Core = { store, tokens, events, address, publish: broker.publish };
  const token = await tokens.issue({ type: 'User', uuid: identity.operatorUuid });
  const operator = createOperator(core, token, identity.operatorUuid);
  return { broker, operator, api: restApi({ core, operator }, isAllowed) };
};

const run = async (options: InstanceOptions, events: EventHub, closers: Closers): Promise<Instance> => {
  const { host = '127.0.0.1', httpPort = 0, mqttPort = 0, webSocketPort = 0, dataDir, signal } = options;
  const onStoreError = (thrown: unknown) => events.fault('The last values of nodes were not written', thrown);
  if (dataDir !== undefined) {
    const onWait = (wait: LockWait) => events.emit({ type: 'locked', folder: dataDir, ...wait });
    const lock = await lockData(dataDir, onWait, signal);
    closers.add(() => lock.release());
  }
  signal?.throwIfAborted();
  const store = await openStore(dataDir === undefined ? memoryDisk() : folderDisk(dataDir), onStoreError);
  closers.add(() => store.close());
  const identity = identify(store, options.secret);
  const isAllowed = originCheck(inUrl(reachable(host)), options.origins ?? []);
  const { handlers, provide } = lateHandlers();
  const ports = await listenAll(handlers, {
    host,
    ports: { httpPort, mqttPort, webSocketPort },
    lastPorts: identity,
    webSocket: {
      messageBytes: 4 * trafficLimits(options).packetBytes,
      connectTimeoutMs: connectTimeoutMs(options),
      isAllowed,
    },
    onOpen: (listener) => closers.add(() => listener.close()),
    onError: (thrown) => events.fault('A port of the instance failed', thrown),
  });
  await store.keepIdentity({ ...identity, ...ports });
  const domain = `${inUrl(reachable(host))}:${ports.httpPort}`;
  const address: Address = { domain, mqttHost: reachable(host), mqttPort: ports.mqttPort };
  const { broker, operator, api } = await startParts(options, { store, identity, address, events, isAllowed });
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
 * Starts an embedded Pepeunit for development and tests: a broker of MQTT 5 and 3.1.1 over TCP and WebSocket, and the
 * REST API.
 *
 * The broker denies as the platform's does: with MQTT 5 by reason code 0x87, with 3.1.1 a message in silence.
 *
 * @throws {InstanceError} `taken` while another instance uses the data folder, `io` when a port or the folder can't be
 *   used; nothing is left open then.
 * @throws The reason of `signal`, if it aborts before the instance runs.
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
  const { signal } = options;
  try {
    signal?.throwIfAborted();
    const instance = await run(options, events, closers);
    signal?.throwIfAborted();
    return instance;
  } catch (thrown) {
    await closers.closeAll();
    signal?.throwIfAborted();
    throw thrown;
  }
};
