import mqtt from 'mqtt';
import type { IClientOptions, IConnackPacket, MqttClient } from 'mqtt';
import type { LinkOptions } from '../../../services/broker.ts';
import { linkError } from './errors.ts';

/** The most that one inbound packet may hold. */
export const maxInboundBytes = 16 * 1024 * 1024;

/** Timers of more than this fire at once. */
const longestTimerMs = 2_147_483_647;

/** A client that has its CONNACK. */
export interface Connection {
  readonly client: MqttClient;
  readonly connack: IConnackPacket;
  readonly options: LinkOptions;
}

const schemes = ['mqtt', 'mqtts', 'ws', 'wss'] as const;
type Scheme = (typeof schemes)[number];

const isScheme = (name: string): name is Scheme => schemes.some((scheme) => scheme === name);

/** Keeps no copies of what is unacknowledged: they are for a connection after this one, and a link has none. */
class NoStore extends mqtt.Store {
  override put(...[, done]: Parameters<mqtt.Store['put']>): this {
    done();
    return this;
  }

  override del(...[, done]: Parameters<mqtt.Store['del']>): this {
    done();
    return this;
  }
}

const silent = () => undefined;

const tlsOf = ({ tls }: LinkOptions) => ({
  rejectUnauthorized: true,
  ...(tls?.ca === undefined ? {} : { ca: typeof tls.ca === 'string' ? tls.ca : [...tls.ca] }),
  ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
  ...(tls?.key === undefined ? {} : { key: tls.key }),
  ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
});

const addressOf = (options: LinkOptions): IClientOptions => {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  const scheme = url?.protocol.slice(0, -1) ?? '';
  if (url === undefined || url.hostname === '' || !isScheme(scheme)) {
    throw linkError('network', options, `a broker's address begins with ${schemes.join(', ')} and names a host`);
  }
  const web = scheme === 'ws' || scheme === 'wss';
  const tls = scheme === 'mqtts' || scheme === 'wss' ? tlsOf(options) : {};
  return {
    protocol: scheme,
    // A socket wants an IPv6 address bare, a WebSocket's URL wants it in brackets.
    hostname: web ? url.hostname : url.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(web ? { path: `${url.pathname || '/'}${url.search}` } : {}),
    ...tls,
    ...(scheme === 'wss' ? { wsOptions: tls } : {}),
  };
};

/**
 * Starts one attempt: CONNECT goes out as soon as the transport is open, and nothing is ever tried again.
 *
 * @throws {BrokerError} `network` for an address that is none, `tls` for certificates that can't be read.
 */
export const startClient = (options: LinkOptions): MqttClient => {
  const settings: IClientOptions = {
    ...addressOf(options),
    protocolVersion: options.version,
    clientId: options.clientId,
    username: options.username,
    // Empty but present, as the reference client sends it.
    password: '',
    clean: true,
    keepalive: options.keepaliveSeconds,
    // The link does it, for less.
    reschedulePings: false,
    reconnectPeriod: 0,
    // The caller's own limit comes first; this one only backs it up.
    connectTimeout: Math.min(options.timeoutMs + 1000, longestTimerMs),
    resubscribe: false,
    queueQoSZero: false,
    outgoingStore: new NoStore(),
    log: silent,
    ...(options.version === 5 ? { properties: { sessionExpiryInterval: 0, maximumPacketSize: maxInboundBytes } } : {}),
  };
  try {
    const client = mqtt.connect(settings);
    // Writes are gathered here, so there is nothing for the socket to wait for.
    (client.stream as { setNoDelay?: (on: boolean) => void }).setNoDelay?.(true);
    return client;
  } catch (cause) {
    throw linkError('tls', options, 'the connection could not be prepared', { cause });
  }
};
