import type { Broker, Link, LinkListener, LinkOptions, MqttVersion } from '../../services/broker.ts';
import type { Timers } from '../../services/clock.ts';
import { BrokerError } from '../../services/errors.ts';
import {
  answer,
  closedError,
  deliver,
  endSession,
  isWithinReach,
  memoryLink,
  type Hub,
  type InboundOptions,
  type PublishedMessage,
  type Session,
  type SubscriptionRequest,
} from './broker-session.ts';

/** A broker in memory that a test controls, at every address. Delivers messages in a microtask; retains none. */
export interface MemoryBroker extends Broker {
  /** Every attempt to connect, including refused ones. */
  readonly connects: readonly LinkOptions[];
  readonly published: readonly PublishedMessage[];
  readonly subscribes: readonly SubscriptionRequest[];
  readonly unsubscribes: readonly SubscriptionRequest[];
  /** Client ids of the open links. */
  readonly openClients: readonly string[];
  /** Topics to which a client is subscribed. */
  subscriptionsOf(clientId: string): string[];
  /** Answers a SUBSCRIBE of these topics with 0x87. Drops (QoS 0) or refuses (QoS 1, 2) what is published on them. */
  deny(...topics: string[]): void;
  allow(...topics: string[]): void;
  /** Fails every attempt to connect with this error; `undefined` accepts them again. */
  refuse(error: BrokerError | undefined): void;
  /**
   * Parts these hosts from every client: their links end with `network`, and attempts to connect fail with it until
   * {@link MemoryBroker.heal}. Without hosts, whatever the address.
   */
  partition(...hosts: string[]): void;
  /** Ends the partition of these hosts; without hosts, every partition. */
  heal(...hosts: string[]): void;
  /** Sends a message to the subscribers of its topic. */
  send(topic: string, payload: Uint8Array | string, message?: InboundOptions): void;
  /** Ends all links, or those of one client. */
  cut(error?: BrokerError, clientId?: string): void;
  /** Stops answering; QoS 0 can still be published, without effect. */
  freeze(): void;
  /** Answers again, first the pending requests. */
  thaw(): void;
}

export interface MemoryBrokerOptions {
  /** Supported versions. @defaultValue both */
  readonly versions?: readonly MqttVersion[];
  /** Clock of timeouts and, in a frozen broker, of the keep-alive; without one nothing ever times out. */
  readonly clock?: Timers;
}

const encoder = new TextEncoder();

const partedError = () => new BrokerError('network', 'The network does not lead to the broker. Heal the partition.');

const takeOver = (hub: Hub, { clientId }: LinkOptions) => {
  for (const session of hub.sessions) {
    if (session.options.clientId !== clientId) continue;
    const code = session.options.version === 5 ? 'takenOver' : 'closed';
    endSession(hub, session, new BrokerError(code, 'Another session of this client began. Stop one of the two.'), true);
  }
};

const enter = async (hub: Hub, options: LinkOptions, listener: LinkListener, signal: AbortSignal): Promise<Link> => {
  hub.connects.push(options);
  const session: Session = {
    options,
    listener,
    filters: new Map(),
    pending: new Set(),
    heldMessages: undefined,
    ended: undefined,
    keepalive: undefined,
  };
  const onAbort = () => endSession(hub, session, new BrokerError('closed', 'The attempt was given up.'), false);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await answer(hub, session, 'CONNECT');
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  if (session.ended) throw session.ended;
  if (!isWithinReach(hub, options)) throw partedError();
  if (hub.refusal) throw hub.refusal;
  if (!hub.versions.includes(options.version)) {
    throw new BrokerError('protocol', 'The broker speaks another version of MQTT. Use that.', { reasonCode: 1 });
  }
  takeOver(hub, options);
  hub.sessions.add(session);
  return memoryLink(hub, session);
};

/** Ends a link of a frozen broker after one and a half keep-alives, as no PINGREQ is answered. */
const loseByKeepalive = (hub: Hub, session: Session) => {
  const ms = session.options.keepaliveSeconds * 1500;
  if (ms === 0) return;
  const silence = () => endSession(hub, session, new BrokerError('timeout', 'The broker fell silent.'), true);
  session.keepalive = hub.clock?.setTimeout(silence, ms);
};

const freeze = (hub: Hub) => {
  if (hub.frozen) return;
  hub.frozen = { waiting: new Set() };
  for (const session of hub.sessions) loseByKeepalive(hub, session);
};

const thaw = (hub: Hub) => {
  const { frozen } = hub;
  hub.frozen = undefined;
  for (const session of hub.sessions) hub.clock?.clearTimeout(session.keepalive);
  for (const go of frozen?.waiting ?? []) go();
};

const partition = (hub: Hub, hosts: readonly string[]) => {
  if (hosts.length === 0) hub.isOutOfReach = true;
  for (const host of hosts) hub.unreachable.add(host);
  for (const session of hub.sessions) {
    if (!isWithinReach(hub, session.options)) endSession(hub, session, partedError(), true);
  }
};

const heal = (hub: Hub, hosts: readonly string[]) => {
  for (const host of hosts) hub.unreachable.delete(host);
  if (hosts.length > 0) return;
  hub.isOutOfReach = false;
  hub.unreachable.clear();
};

const cut = (hub: Hub, error: BrokerError, clientId: string | undefined) => {
  for (const session of hub.sessions) {
    if (clientId === undefined || session.options.clientId === clientId) endSession(hub, session, error, true);
  }
};

/**
 * Creates a broker in memory.
 *
 * @example
 * import { fakeClock, memoryBroker, createTestUnit } from 'pepeunit-client/testing';
 *
 * const broker = memoryBroker({ clock: fakeClock() });
 * const { client: simulated } = createTestUnit({ adapters: { broker } });
 * await simulated.ready();
 * broker.cut();
 */
export const memoryBroker = ({ versions = [4, 5], clock }: MemoryBrokerOptions = {}): MemoryBroker => {
  const hub: Hub = {
    versions,
    clock,
    sessions: new Set(),
    denied: new Set(),
    connects: [],
    published: [],
    subscribes: [],
    unsubscribes: [],
    unreachable: new Set(),
    isOutOfReach: false,
    refusal: undefined,
    frozen: undefined,
  };
  const filtersOf = (clientId: string) =>
    [...hub.sessions]
      .filter(({ options }) => options.clientId === clientId)
      .flatMap(({ filters }) => [...filters.keys()]);
  return {
    open: (options, listener, signal) => enter(hub, options, listener, signal),
    connects: hub.connects,
    published: hub.published,
    subscribes: hub.subscribes,
    unsubscribes: hub.unsubscribes,
    get openClients() {
      return [...hub.sessions].map(({ options }) => options.clientId);
    },
    subscriptionsOf: filtersOf,
    deny: (...topics) => topics.forEach((topic) => hub.denied.add(topic)),
    allow: (...topics) => topics.forEach((topic) => hub.denied.delete(topic)),
    refuse: (error) => {
      hub.refusal = error;
    },
    partition: (...hosts) => partition(hub, hosts),
    heal: (...hosts) => heal(hub, hosts),
    send: (topic, payload, message) =>
      deliver(hub, topic, typeof payload === 'string' ? encoder.encode(payload) : payload, message),
    cut: (error = closedError(), clientId) => cut(hub, error, clientId),
    freeze: () => freeze(hub),
    thaw: () => thaw(hub),
  };
};
