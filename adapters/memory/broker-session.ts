import type {
  Grant,
  Link,
  LinkListener,
  LinkOptions,
  MessageProperties,
  MqttVersion,
  PublishOptions,
  Qos,
} from '../../services/broker.ts';
import type { Timers } from '../../services/clock.ts';
import { BrokerError } from '../../services/errors.ts';
import { topicMatcher } from '../shared/mqtt/topic-matcher.ts';

/** A message that a link published. */
export interface PublishedMessage {
  readonly clientId: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
}

/** One SUBSCRIBE or UNSUBSCRIBE. */
export interface SubscriptionRequest {
  readonly clientId: string;
  readonly topics: readonly string[];
}

export interface InboundOptions {
  readonly retained?: boolean;
  readonly properties?: MessageProperties;
}

/** One client's session with a memory broker. */
export interface Session {
  readonly options: LinkOptions;
  readonly listener: LinkListener;
  readonly filters: Map<string, (topic: string) => boolean>;
  readonly pending: Set<(error: BrokerError) => void>;
  /** Messages that wait for the paused listener; `undefined` unless paused. */
  heldMessages: Parameters<LinkListener['onMessage']>[] | undefined;
  ended: BrokerError | undefined;
  keepalive: unknown;
}

/** Shared state of all sessions of a memory broker. */
export interface Hub {
  readonly versions: readonly MqttVersion[];
  readonly clock: Timers | undefined;
  readonly sessions: Set<Session>;
  readonly denied: Set<string>;
  readonly connects: LinkOptions[];
  readonly published: PublishedMessage[];
  readonly subscribes: SubscriptionRequest[];
  readonly unsubscribes: SubscriptionRequest[];
  /** Hosts that can't be reached. */
  readonly unreachable: Set<string>;
  /** Whether no host can be reached. */
  isOutOfReach: boolean;
  refusal: BrokerError | undefined;
  frozen: { readonly waiting: Set<() => void> } | undefined;
}

const topicNameInvalid = 0x90;
const topicFilterInvalid = 0x8f;
const notAuthorized = 0x87;
const encoder = new TextEncoder();

export const closedError = () => new BrokerError('closed', 'The link is closed. Open it again.');

/** Whether the network leads to the broker at an address. */
export const isWithinReach = ({ isOutOfReach, unreachable }: Hub, { url }: LinkOptions): boolean =>
  !isOutOfReach && !unreachable.has(new URL(url).hostname);

/** Ends a session, once; its listener is notified unless the link's own `close` ends it. */
export const endSession = (hub: Hub, session: Session, error: BrokerError, notifies: boolean): void => {
  if (session.ended) return;
  session.ended = error;
  hub.clock?.clearTimeout(session.keepalive);
  for (const fail of session.pending) fail(error);
  if (hub.sessions.delete(session) && notifies) session.listener.onClosed(error);
};

/** Waits for the broker's answer: at once, or after a thaw. An answer that takes too long ends the session. */
export const answer = async (hub: Hub, session: Session, what: string): Promise<void> => {
  const { frozen, clock } = hub;
  if (session.ended) throw closedError();
  if (!frozen) return;
  await new Promise<void>((resolve, reject) => {
    const fail = (error: BrokerError) => {
      settle();
      reject(error);
    };
    const late = () =>
      endSession(
        hub,
        session,
        new BrokerError('timeout', `The broker did not answer ${what}. Check the network.`),
        true,
      );
    const timer = clock?.setTimeout(late, session.options.timeoutMs);
    const settle = () => {
      session.pending.delete(fail);
      frozen.waiting.delete(go);
      clock?.clearTimeout(timer);
    };
    const go = () => {
      settle();
      resolve();
    };
    session.pending.add(fail);
    frozen.waiting.add(go);
  });
};

/** Passes messages to a session's listener in order, until it pauses. */
const hand = (session: Session, messages: readonly Parameters<LinkListener['onMessage']>[]): void => {
  for (const [at, message] of messages.entries()) {
    if (session.ended) return;
    const settled = session.listener.onMessage(...message);
    if (!settled) continue;
    session.heldMessages = messages.slice(at + 1);
    const goOn = () => {
      const heldMessages = session.heldMessages ?? [];
      session.heldMessages = undefined;
      hand(session, heldMessages);
    };
    void settled.then(goOn, goOn);
    return;
  }
};

/** Delivers a message to the subscribers of its topic, in a microtask. */
export const deliver = (
  { sessions }: Hub,
  topic: string,
  payload: Uint8Array,
  { retained = false, properties }: InboundOptions = {},
): void => {
  for (const session of sessions) {
    if (![...session.filters.values()].some((matches) => matches(topic))) continue;
    queueMicrotask(() => {
      if (session.heldMessages) session.heldMessages.push([topic, payload, retained, properties]);
      else hand(session, [[topic, payload, retained, properties]]);
    });
  }
};

const publishRefused = (topic: string, reasonCode: number) =>
  new BrokerError('refused', `A message on ${topic} was refused. Check the unit's rights.`, { reasonCode });

const subscribe = async (hub: Hub, session: Session, topics: readonly string[]): Promise<Grant[]> => {
  const filters = [...new Set(topics)];
  hub.subscribes.push({ clientId: session.options.clientId, topics: filters });
  await answer(hub, session, 'SUBSCRIBE');
  return filters.map((topic) => {
    const matches = topicMatcher(topic);
    if (!matches) return { topic, granted: false, reasonCode: topicFilterInvalid };
    if (hub.denied.has(topic)) return { topic, granted: false, reasonCode: notAuthorized };
    session.filters.set(topic, matches);
    return { topic, granted: true, reasonCode: 0 };
  });
};

const publish = async (
  hub: Hub,
  session: Session,
  topic: string,
  payload: Uint8Array | string,
  { qos = 0, retain = false }: PublishOptions = {},
): Promise<void> => {
  const { clientId, version } = session.options;
  if (session.ended) throw closedError();
  if (topic === '' || /[+#\0]/.test(topic)) throw publishRefused(topic, topicNameInvalid);
  if (hub.frozen && qos === 0) return;
  await answer(hub, session, 'PUBLISH');
  if (hub.denied.has(topic)) {
    if (qos > 0 && version === 5) throw publishRefused(topic, notAuthorized);
    return;
  }
  const bytes = typeof payload === 'string' ? encoder.encode(payload) : payload;
  hub.published.push({ clientId, topic, payload: bytes, qos, retain });
  deliver(hub, topic, bytes);
};

/** Creates the port's link of a session. */
export const memoryLink = (hub: Hub, session: Session): Link => ({
  version: session.options.version,
  sessionPresent: false,
  subscribe: (topics) => subscribe(hub, session, topics),
  unsubscribe: async (topics) => {
    hub.unsubscribes.push({ clientId: session.options.clientId, topics: [...topics] });
    await answer(hub, session, 'UNSUBSCRIBE');
    for (const topic of topics) session.filters.delete(topic);
  },
  publish: (topic, payload, options) => publish(hub, session, topic, payload, options),
  publishNow: () => false,
  ping: () => answer(hub, session, 'PINGREQ'),
  close: async () => endSession(hub, session, closedError(), false),
});
