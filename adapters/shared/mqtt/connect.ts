import mqtt from '#mqtt';
import type { IClientOptions, IConnackPacket, MqttClient, StreamBuilder } from 'mqtt';
import type { LinkOptions } from '../../../services/broker.ts';
import { hideSecrets } from '../../../services/redaction.ts';
import { linkError } from './errors.ts';
import type { FastPath } from './fast/fast-path.ts';
import { PacketIds } from './packet-ids.ts';
import { maxInboundBytes } from './packet-size.ts';
import type { Unacknowledged } from './releases.ts';
import { maxUnreleased, UnreleasedStore, type UnreleasedFaults } from './unreleased-store.ts';

/** Maximum timer delay, milliseconds; longer timers fire at once. */
const longestTimerMs = 2_147_483_647;

/** Opens a TCP connection to a broker. */
export type OpenTcp = (address: { readonly host: string; readonly port: number }) => ReturnType<StreamBuilder>;

/** A connected client, after CONNACK. */
export interface Connection {
  readonly client: MqttClient;
  readonly connack: IConnackPacket;
  readonly options: LinkOptions;
  /** The way past mqtt.js; `undefined` where it is switched off. */
  readonly fast: FastPath<Unacknowledged> | undefined;
}

const schemes = ['mqtt', 'mqtts', 'ws', 'wss'] as const;
type Scheme = (typeof schemes)[number];

const isScheme = (name: string): name is Scheme => schemes.some((scheme) => scheme === name);

/** Stores no copies of unacknowledged messages: they would serve a reconnect, which a link never does. */
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
    // A socket takes an IPv6 address bare, a WebSocket's URL in brackets.
    hostname: web ? url.hostname : url.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(web ? { path: `${url.pathname || '/'}${url.search}` } : {}),
    ...tls,
    ...(scheme === 'wss' ? { wsOptions: tls } : {}),
  };
};

const defaultTcpPort = 1883;

/** Creates a client, whose `mqtt:` is opened here: mqtt.js loads all schemes when it opens one, which takes longer than to connect. */
const clientOf = (settings: IClientOptions, openTcp: OpenTcp | undefined): MqttClient => {
  const { protocol, hostname: host = '', port = defaultTcpPort } = settings;
  if (protocol !== 'mqtt' || openTcp === undefined) return mqtt.connect(settings);
  // An error that comes after the end has no other listener.
  return new mqtt.MqttClient(() => openTcp({ host, port }), settings).on('error', silent);
};

/** What a client asks of its owner. */
export interface ClientOwner extends UnreleasedFaults {
  /** Whether a message that mqtt.js does not know of keeps this packet identifier from others. */
  readonly isIdInUse: (id: number) => boolean;
}

/**
 * Creates the client of one attempt, which {@link connectClient} starts.
 *
 * @param openTcp Opens the transport of `mqtt:`. By default mqtt.js does.
 * @throws {BrokerError} `network` for an invalid address.
 */
export const createClient = (
  options: LinkOptions,
  openTcp: OpenTcp | undefined,
  { isIdInUse, ...faults }: ClientOwner,
): MqttClient => {
  hideSecrets([options.username]);
  const ids = new PacketIds((id) => id in client.outgoing || isIdInUse(id));
  const settings: IClientOptions = {
    manualConnect: true,
    messageIdProvider: ids,
    protocolVersion: options.version,
    clientId: options.clientId,
    username: options.username,
    // Empty but present, as the reference client sends it.
    password: '',
    clean: true,
    keepalive: options.keepaliveSeconds,
    // The link does this at lower cost.
    reschedulePings: false,
    reconnectPeriod: 0,
    // The caller's own limit comes first; this one is a fallback.
    connectTimeout: Math.min(options.timeoutMs + 1000, longestTimerMs),
    resubscribe: false,
    queueQoSZero: false,
    outgoingStore: new NoStore(),
    incomingStore: new UnreleasedStore(faults),
    log: silent,
    // A table of all numbers of two bytes: 22 MB, and more CPU than a connection.
    writeCache: false,
    // Last: an object that begins with copied members becomes a table, of four times the memory.
    ...addressOf(options),
    ...(options.version === 5
      ? {
          properties: {
            sessionExpiryInterval: 0,
            maximumPacketSize: maxInboundBytes,
            receiveMaximum: maxUnreleased,
          },
        }
      : {}),
  };
  const client = clientOf(settings, openTcp);
  return client;
};

/**
 * Starts an attempt: sends CONNECT as soon as the transport is open, and never retries.
 *
 * @throws {BrokerError} `tls` for unreadable certificates.
 */
export const connectClient = (client: MqttClient, options: LinkOptions): void => {
  try {
    client.connect();
    // Writes are batched here, so the socket must not delay them.
    (client.stream as { setNoDelay?: (on: boolean) => void }).setNoDelay?.(true);
  } catch (cause) {
    throw linkError('tls', options, 'the connection could not be prepared', { cause });
  }
};
