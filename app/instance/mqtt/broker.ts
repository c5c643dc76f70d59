import type { Duplex } from 'node:stream';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import { mayUseTopic, type Tokens } from '../model/access.ts';
import { guardedStream, type TrafficLimits } from './guarded-stream.ts';
import type { EventHub } from '../model/events.ts';
import type { Store } from '../store/store.ts';

/** Handler of a message that a unit published, or the instance itself (no unit). */
export type OnMessage = (unit: string | undefined, topic: string, payload: Uint8Array, qos: number) => void;

/** The parts of an instance that its broker uses. */
export interface BrokerParts {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly events: EventHub;
  readonly domain: string;
  readonly limits: TrafficLimits;
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

/** Return codes of CONNACK (MQTT 3.1.1, section 3.2.2.3). */
const badCredentials = 4;
const notAuthorised = 5;

const refusal = (returnCode: number, message: string): AuthenticateError =>
  Object.assign(new Error(message), { returnCode });

/** Topic for denied messages, to which nobody can subscribe: refusing a publish would end the connection. */
const deniedTopic = '$denied';

const payloadBytes = (payload: string | Buffer): Uint8Array =>
  typeof payload === 'string' ? Buffer.from(payload) : payload;

/** State of each connection: its unit, its topics and why it ended. */
interface Sessions {
  readonly units: WeakMap<Client, string>;
  /** Granted topics. */
  readonly granted: WeakMap<Client, Set<string>>;
  readonly reasons: WeakMap<Client, string>;
}

const authenticator = ({ tokens, store, events }: BrokerParts, { units }: Sessions): Aedes['authenticate'] => {
  const unitOf = async (username: string | undefined): Promise<string> => {
    const { type, uuid } = await tokens.read(username).catch((thrown: Error) => {
      throw refusal(badCredentials, thrown.message);
    });
    if (type === 'Bot') throw refusal(badCredentials, 'The token is missing.');
    if (type !== 'Unit' || !store.hasUnit(uuid))
      throw refusal(notAuthorised, 'The token belongs to no unit of this instance.');
    return uuid;
  };
  const authenticate = async (...[client, username, , done]: Parameters<Aedes['authenticate']>): Promise<void> => {
    try {
      units.set(client, await unitOf(username));
    } catch (thrown) {
      const refused = thrown as AuthenticateError;
      events.emit({ type: 'refused', clientId: client.id, reason: refused.message });
      done(refused, false);
      return;
    }
    done(null, true);
  };
  return (...attempt) => void authenticate(...attempt);
};

const publishAuthoriser =
  ({ store, domain, onDenied }: BrokerParts, { units }: Sessions): Aedes['authorizePublish'] =>
  (client, packet, done) => {
    const unit = client ? units.get(client) : undefined;
    packet.retain = false;
    if (unit === undefined || !mayUseTopic(store, domain, unit, packet.topic)) {
      onDenied(unit, packet.topic, payloadBytes(packet.payload), packet.qos);
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
  aedes.on('clientError', (client, error) => void reasons.set(client, error.message));
  aedes.on('connectionError', (_client, error) =>
    events.emit({ type: 'refused', clientId: '', reason: error.message }),
  );
  aedes.prependListener('error', (error: unknown) => events.fault('The broker failed', error));
};

/** Starts a broker with the platform's rules: MQTT 3.1.1, the same access checks, nothing retained. */
export const startBroker = async (parts: BrokerParts): Promise<InstanceBroker> => {
  const sessions: Sessions = { units: new WeakMap(), granted: new WeakMap(), reasons: new WeakMap() };
  const aedes = await Aedes.createBroker({
    connectTimeout: 15_000,
    queueLimit: 1000,
    authenticate: authenticator(parts, sessions),
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
