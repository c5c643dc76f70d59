import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import { mayUseTopic } from '../model/access.ts';
import { admission, type AdmissionParts } from './admission.ts';
import { guardedStream, type TrafficLimits } from './guarded-stream.ts';

/** Handler of a message that a unit published, or the instance itself (no unit). */
export type OnMessage = (unit: string | undefined, topic: string, payload: Uint8Array, qos: number) => void;

/** The parts of an instance that its broker uses. */
export interface BrokerParts extends AdmissionParts {
  readonly limits: TrafficLimits;
  /** Time for a client to send CONNECT, milliseconds. */
  readonly connectTimeoutMs: number;
  readonly onMessage: OnMessage;
  /** Callback for each message that is dropped for lack of access. */
  readonly onDenied: OnMessage;
}

/** The MQTT side of an instance. */
export interface InstanceBroker {
  accept(connection: Duplex): void;
  publish(topic: string, payload: string): Promise<void>;
  close(): Promise<void>;
}

/** Topic for denied messages of MQTT 3.1.1, to which nobody can subscribe: refusing one would end the connection. */
const deniedTopic = '$denied';

/** The answer to a denied message of MQTT 5, as reason 0x87; the connection stays. */
const deniedMessage = new Error('The unit may not publish to this topic.');

const payloadBytes = (payload: string | Buffer): Uint8Array =>
  typeof payload === 'string' ? Buffer.from(payload) : payload;

/** State of each connection: its unit, its topics and why it ended. */
interface Sessions {
  readonly units: WeakMap<Client, string>;
  /** Granted topics. */
  readonly granted: WeakMap<Client, Set<string>>;
  readonly reasons: WeakMap<Client, string>;
}

const publishAuthoriser =
  ({ store, domain, onDenied }: BrokerParts, { units }: Sessions): Aedes['authorizePublish'] =>
  (client, packet, done) => {
    const unit = client ? units.get(client) : undefined;
    packet.retain = false;
    if (unit === undefined || !mayUseTopic(store, domain, unit, packet.topic)) {
      onDenied(unit, packet.topic, payloadBytes(packet.payload), packet.qos);
      if (client?.version === 5) return done(deniedMessage);
      packet.topic = deniedTopic;
    }
    done(null);
  };

const subscribeAuthoriser =
  ({ store, domain, events }: BrokerParts, { units, granted }: Sessions): Aedes['authorizeSubscribe'] =>
  (client, subscription, done) => {
    const unit = units.get(client) ?? '';
    const { topic, qos } = subscription;
    const denied = !mayUseTopic(store, domain, unit, topic);
    if (!denied) granted.set(client, (granted.get(client) ?? new Set()).add(topic));
    events.emit({ type: 'subscribed', unit, topic, qos, denied });
    done(null, denied ? null : subscription);
  };

/** Drops messages of denied topics, which a persistent session queues all the same. */
const forwarder =
  ({ events }: BrokerParts, { units, granted }: Sessions): Aedes['authorizeForward'] =>
  (client, packet) => {
    const { topic } = packet;
    if (!granted.get(client)?.has(topic)) return null;
    events.emit({ type: 'delivered', unit: units.get(client) ?? '', topic });
    return packet;
  };

/** @param error With `size` and `maximumPacketSize`, the library's about a packet that is too large. */
const reasonOf = (error: Error & { readonly size?: number; readonly maximumPacketSize?: number }): string =>
  error.size === undefined
    ? error.message
    : `A packet of ${error.size} bytes is above the broker's ${error.maximumPacketSize}. Send less at once.`;

const reportEvents = (aedes: Aedes, { events, onMessage }: BrokerParts, { units, reasons }: Sessions): void => {
  const unitOf = (client: Client) => units.get(client) ?? '';
  aedes.on('publish', (packet, client) => {
    if (packet.topic.startsWith('$')) return;
    onMessage(client ? units.get(client) : undefined, packet.topic, payloadBytes(packet.payload), packet.qos);
  });
  aedes.on('clientReady', (client) =>
    events.emit({ type: 'connect', unit: unitOf(client), clientId: client.id, protocol: client.version }),
  );
  aedes.on('clientDisconnect', (client) =>
    events.emit({ type: 'disconnect', unit: unitOf(client), clientId: client.id, reason: reasons.get(client) }),
  );
  aedes.on('unsubscribe', (topics, client) => {
    if (client.connected) topics.forEach((topic) => events.emit({ type: 'unsubscribed', unit: unitOf(client), topic }));
  });
  aedes.on('clientError', (client, error) => {
    if (error !== deniedMessage) reasons.set(client, reasonOf(error));
  });
  aedes.on('connectionError', (_client, error) =>
    events.emit({ type: 'refused', clientId: '', reason: reasonOf(error) }),
  );
  aedes.prependListener('error', (error: unknown) => events.fault('The broker failed', error));
};

/** The platform's limits of unacknowledged messages, of a session that is away (seconds), and of clients. */
const maxInFlight = 32;
const maxSessionSeconds = 7_200;
const maxClients = 1_024;

/**
 * Starts a broker with the platform's rules: the same limits and access checks, nothing retained.
 *
 * The library tells a client of MQTT 5 how many messages it may leave unacknowledged (Receive Maximum) and does not hold
 * it to that; it reads the client's own, and does not keep to it.
 */
export const startBroker = async (parts: BrokerParts): Promise<InstanceBroker> => {
  const sessions: Sessions = { units: new WeakMap(), granted: new WeakMap(), reasons: new WeakMap() };
  const aedes = await Aedes.createBroker({
    connectTimeout: parts.connectTimeoutMs,
    queueLimit: 1000,
    maximumPacketSize: parts.limits.packetBytes,
    receiveMaximum: maxInFlight,
    sessionExpiryIntervalLimit: maxSessionSeconds,
    pendingSessionsLimit: maxClients,
    ...admission(parts, sessions.units),
    authorizePublish: publishAuthoriser(parts, sessions),
    authorizeSubscribe: subscribeAuthoriser(parts, sessions),
    authorizeForward: forwarder(parts, sessions),
  });
  reportEvents(aedes, parts, sessions);
  return {
    accept: (connection) => void aedes.handle(guardedStream(connection, parts.limits)),
    publish: (topic, payload) =>
      new Promise((resolve, reject) => {
        aedes.publish({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false }, (error) =>
          error ? reject(error) : resolve(),
        );
      }),
    close: () => new Promise((resolve) => aedes.close(resolve)),
  };
};
