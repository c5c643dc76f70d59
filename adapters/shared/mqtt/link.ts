import type { IConnackPacket, MqttClient } from 'mqtt';
import type { Grant, Link, LinkOptions, PublishOptions, Qos } from '../../../services/broker.ts';
import { BrokerError } from '../../../services/errors.ts';
import { linkError, publishError } from './errors.ts';
import { lifeSigns, prover } from './keep-alive.ts';
import { isTopicFilter, packFilters, topicNameCheck } from './topics.ts';
import { turnstile, waiting, type Answer, type Waiting } from './pending-acks.ts';

/** Bytes of one SUBSCRIBE or UNSUBSCRIBE, half of the platform's packet limit. */
const maxSubscribeBytes = 128 * 1024;
const topicFilterInvalid = 0x8f;
const topicNameInvalid = 0x90;
const packetTooLarge = 0x95;
const retainNotSupported = 0x9a;
const qosNotSupported = 0x9b;
/** What the unit's own DISCONNECT says (MQTT 5 section 3.14.2.1). */
const normalDisconnection = 0;
/** Bytes that may wait for the socket before a message of QoS 0 has to wait as well. */
const maxUnwrittenBytes = 256 * 1024;
const mostPacketIds = 65_535;
/** Messages of QoS 2 that a 3.1.1 broker gets at a time: mosquitto acknowledges more than its default of 20, and drops them. */
const mostExactlyOnce = 20;
/** How long a broker gets to take DISCONNECT and close its end. */
const closeMs = 1500;

/** A link, and the way for its owner to tell it that it ended. */
export interface HeldLink {
  readonly link: Link;
  /** The connection is gone: fails whatever waits. */
  end(error: BrokerError): void;
}

interface Session {
  readonly client: MqttClient;
  readonly connack: IConnackPacket;
  readonly options: LinkOptions;
  /** Stops whatever listens to the client. */
  readonly letGo: () => void;
  /** Ends the link, and tells so. */
  readonly lose: (error: BrokerError) => void;
}

/** Sends what is written in one turn of the event loop as one piece. */
const corker = (stream: MqttClient['stream']) => {
  let corked = false;
  const uncork = () => {
    corked = false;
    stream.uncork();
  };
  return () => {
    if (corked || typeof setImmediate !== 'function') return;
    corked = true;
    stream.cork();
    setImmediate(uncork);
  };
};

/** Why the broker would end the session if it got this message (MQTT 5 section 3.2.2.3). */
const refusalOf = ({ properties }: IConnackPacket, bytes: number, qos: Qos, retain: boolean): number | undefined => {
  if (bytes > (properties?.maximumPacketSize ?? Infinity)) return packetTooLarge;
  if (retain && properties?.retainAvailable === false) return retainNotSupported;
  if (qos > (properties?.maximumQoS ?? 2)) return qosNotSupported;
  return undefined;
};

/** How many messages of QoS 1 and 2 may be unacknowledged (MQTT 5 section 3.2.2.3.3; a level of 3.1.1 has no say in it). */
const turnsOf = ({ properties }: IConnackPacket, { version }: LinkOptions) => {
  if (version === 4) return { 1: turnstile(mostPacketIds), 2: turnstile(mostExactlyOnce) };
  const turns = turnstile(properties?.receiveMaximum ?? mostPacketIds);
  return { 1: turns, 2: turns };
};

const publisher = ({ client, connack, options }: Session, wait: Waiting) => {
  const { stream } = client;
  const cork = corker(stream);
  const tellAlive = lifeSigns(client);
  const isTopicName = topicNameCheck();
  const turns = turnsOf(connack, options);
  const blocked: Answer[] = [];
  const onDrain = () => {
    for (const answer of blocked.splice(0)) wait.settle(answer);
  };
  stream.on('drain', onDrain);
  const failureOf = (topic: string, cause: Error & { readonly code?: unknown }): BrokerError =>
    typeof cause.code === 'number'
      ? publishError(topic, cause.code, { cause })
      : linkError('closed', options, 'the link ended before a message was acknowledged', { cause });
  const acknowledged = (topic: string, payload: Buffer | string, qos: 1 | 2, retain: boolean) =>
    wait.for(`a message on ${topic} was not acknowledged`, (answer) => {
      turns[qos].enter(() => {
        if (!answer.isOpen) return false;
        cork();
        client.publish(topic, payload, { qos, retain }, (error) => {
          if (!error) tellAlive();
          turns[qos].leave();
          wait.settle(answer, error ? failureOf(topic, error) : undefined);
        });
        return true;
      });
    });
  const written = async (topic: string, payload: Buffer | string, retain: boolean) => {
    cork();
    client.publish(topic, payload, { qos: 0, retain });
    if (stream.writableNeedDrain)
      await wait.for(`a message on ${topic} was not taken`, (answer) => blocked.push(answer));
  };
  return {
    stop: () => stream.off('drain', onDrain),
    publish: (topic: string, payload: Uint8Array | string, { qos = 0, retain = false }: PublishOptions = {}) => {
      const reasonCode = isTopicName(topic)
        ? refusalOf(connack, topic.length + payload.length + 16, qos, retain)
        : topicNameInvalid;
      if (reasonCode !== undefined) return Promise.reject(publishError(topic, reasonCode));
      // mqtt.js takes any Uint8Array for a payload, its types ask for a Buffer.
      const bytes = payload as Buffer | string;
      return qos === 0 ? written(topic, bytes, retain) : acknowledged(topic, bytes, qos, retain);
    },
    publishNow: (topic: string, payload: Uint8Array | string, retain: boolean): boolean => {
      if (stream.writableLength > maxUnwrittenBytes || !isTopicName(topic)) return false;
      if (refusalOf(connack, topic.length + payload.length + 16, 0, retain) !== undefined) return false;
      cork();
      client.publish(topic, payload as Buffer | string, { qos: 0, retain });
      return true;
    },
  };
};

/** What mqtt.js decodes a SUBACK to. */
interface Suback {
  readonly granted: readonly unknown[];
}

const codeOf = (packet: Suback | undefined, at: number): number => {
  const code = packet?.granted[at];
  return typeof code === 'number' ? code : 0x80;
};

const subscriber = ({ client, options }: Session, wait: Waiting) => {
  const subscribeGroup = async (topics: string[]): Promise<Grant[]> => {
    let suback: Suback | undefined;
    await wait.for(`SUBSCRIBE of ${topics.length} topics was not answered`, (answer) => {
      client.subscribe(topics, { qos: 0 }, (error, _subscriptions, packet) => {
        // One failure code of many comes as an error, with the whole SUBACK beside it.
        suback = packet as unknown as Suback | undefined;
        const failure =
          suback?.granted.length === topics.length
            ? undefined
            : linkError('closed', options, 'the link ended before a subscription was answered', { cause: error });
        wait.settle(answer, failure);
      });
    });
    return topics.map((topic, at) => {
      const reasonCode = codeOf(suback, at);
      return { topic, granted: reasonCode < 0x80, reasonCode };
    });
  };
  return {
    subscribe: async (topics: readonly string[]): Promise<Grant[]> => {
      const filters = [...new Set(topics)];
      const invalid = filters
        .filter((topic) => !isTopicFilter(topic))
        .map((topic) => ({ topic, granted: false, reasonCode: topicFilterInvalid }));
      const groups = packFilters(filters.filter(isTopicFilter), maxSubscribeBytes);
      const grants = await Promise.all(groups.map(subscribeGroup));
      return [...grants.flat(), ...invalid];
    },
    unsubscribe: async (topics: readonly string[]): Promise<void> => {
      const groups = packFilters([...new Set(topics)].filter(isTopicFilter), maxSubscribeBytes);
      await Promise.all(
        groups.map((group) =>
          wait.for(`UNSUBSCRIBE of ${group.length} topics was not answered`, (answer) => {
            client.unsubscribe(group, (error) =>
              wait.settle(
                answer,
                error ? linkError('closed', options, 'the link ended before UNSUBACK', { cause: error }) : undefined,
              ),
            );
          }),
        ),
      );
    },
  };
};

/** Says DISCONNECT, whatever is still on its way, and waits for the broker's end for a moment. */
const disconnect = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => {
      client.stream.destroy();
      resolve();
    }, closeMs);
    // mqtt.js would wait for these before it says DISCONNECT.
    for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id));
    client.end(false, () => {
      clearTimeout(timer);
      resolve();
    });
  });

/**
 * The port's link over a client that has its CONNACK.
 *
 * A broker that owes an answer for longer than `timeoutMs` has broken the link: what it did not acknowledge may be sent
 * again on another link alone (MQTT-4.4.0-1), and holds its place in the broker's window for as long as this one lasts.
 */
export const mqttLink = (session: Session): HeldLink => {
  const { client, connack, options, letGo, lose } = session;
  const wait = waiting(options.timeoutMs, (what) =>
    lose(linkError('timeout', options, `${what} within ${options.timeoutMs} ms`)),
  );
  const { publish, publishNow, stop } = publisher(session, wait);
  const { subscribe, unsubscribe } = subscriber(session, wait);
  const { ping, stopProving } = prover(client);
  let ended: BrokerError | undefined;
  let closing: Promise<void> | undefined;
  const end = (error: BrokerError) => {
    if (ended) return;
    ended = error;
    stop();
    stopProving(error);
    letGo();
    wait.failAll(error);
  };
  /** Runs a call while the link is open; afterwards it fails with what ended the link. */
  const whileOpen =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      ended ? Promise.reject(linkError('closed', options, 'the link is closed', { cause: ended })) : call(...args);
  const close = async () => {
    if (ended) return;
    end(linkError('closed', options, 'the link was closed', { reasonCode: normalDisconnection }));
    await disconnect(client);
  };
  return {
    end,
    link: {
      version: options.version,
      sessionPresent: connack.sessionPresent,
      maximumPacketSize: connack.properties?.maximumPacketSize,
      subscribe: whileOpen(subscribe),
      unsubscribe: whileOpen(unsubscribe),
      publish: whileOpen(publish),
      publishNow: (topic, payload, retain) => ended === undefined && publishNow(topic, payload, retain),
      ping: whileOpen(ping),
      close: () => (closing ??= close()),
    },
  };
};
