import type { IConnackPacket, MqttClient } from 'mqtt';
import type { LinkOptions, PublishOptions, Qos } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import type { Connection } from './connect.ts';
import { closedError, linkError, publishError } from './errors.ts';
import { publishBytes } from './packet-size.ts';
import type { PendingAcks } from './pending-acks.ts';
import { createReleases, expectAnswers, type Outcome, type Released } from './releases.ts';
import { topicFault } from './topics.ts';

const topicNameInvalid = 0x90;
const packetTooLarge = 0x95;
const retainNotSupported = 0x9a;
const qosNotSupported = 0x9b;
/** Unwritten bytes in the socket above which a QoS 0 message waits. */
const maxUnwrittenBytes = 256 * 1024;
const maxPacketIds = 65_535;
/** Concurrent QoS 2 messages to a 3.1.1 broker: mosquitto acknowledges more than its default of 20, and drops them. */
const maxExactlyOnce = 20;

/** Sends all writes of one turn of the event loop as one chunk. */
const createCork = (stream: MqttClient['stream']) => {
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

/** Messages of QoS 0, and those of them that wait until the socket has taken what was before them. */
const createUnanswered = (client: MqttClient, acks: PendingAcks, cork: () => void, mark: () => void) => {
  const { stream } = client;
  const blocked: Outcome[] = [];
  const onDrain = () => {
    acks.moved();
    for (const { resolve } of blocked.splice(0)) resolve();
  };
  stream.on('drain', onDrain);
  return {
    /** @returns Whether the socket has room for more. */
    send: (topic: string, payload: Uint8Array | string, retain: boolean): boolean => {
      cork();
      // mqtt.js accepts any Uint8Array as a payload, but its types require a Buffer.
      client.publish(topic, payload as Buffer | string, { qos: 0, retain });
      acks.passing(publishBytes(topic, payload));
      const isFull = stream.writableNeedDrain;
      if (isFull || acks.isLongUntimed()) mark();
      return !isFull;
    },
    /** Settles once the socket has taken what it was sent. */
    await: (outcome: Outcome) => blocked.push(outcome),
    stop: (error: BrokerError) => {
      stream.off('drain', onDrain);
      for (const { reject } of blocked.splice(0)) reject(error);
    },
  };
};

/** A message of QoS 1 or 2. */
interface Unacknowledged extends Released {
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: 1 | 2;
  readonly retain: boolean;
}

/** Room for more unacknowledged messages of QoS 1 or 2, and the messages that wait for it, in order. */
interface Window {
  room: number;
  readonly waiting: Unacknowledged[];
}

/**
 * Limits of unacknowledged QoS 1 and 2 messages: MQTT 5 brokers state theirs (section 3.2.2.3.3), 3.1.1 brokers can't.
 */
const windowsOf = ({ properties }: IConnackPacket, { version }: LinkOptions): Record<1 | 2, Window> => {
  const window = { room: properties?.receiveMaximum ?? maxPacketIds, waiting: [] };
  if (version === 5) return { 1: window, 2: window };
  return { 1: { room: maxPacketIds, waiting: [] }, 2: { room: maxExactlyOnce, waiting: [] } };
};

/** Gives the reason why the broker would end the session over a message (MQTT 5 section 3.2.2.3), if any. */
const createRefusalCheck = ({ properties }: IConnackPacket) => {
  const { maximumPacketSize: maxBytes, retainAvailable: takesRetain, maximumQoS: maxQos = 2 } = properties ?? {};
  return (topic: string, payload: Uint8Array | string, qos: Qos, retain: boolean): number | undefined => {
    if (topicFault(topic) !== undefined) return topicNameInvalid;
    if (maxBytes !== undefined && publishBytes(topic, payload) > maxBytes) return packetTooLarge;
    if (retain && takesRetain === false) return retainNotSupported;
    return qos > maxQos ? qosNotSupported : undefined;
  };
};

const failureOf = (options: LinkOptions, topic: string, cause: Error & { readonly code?: unknown }): BrokerError =>
  typeof cause.code === 'number'
    ? publishError(topic, cause.code, { cause })
    : linkError('closed', options, 'the link ended before a message was acknowledged', { cause });

/**
 * Publishes on a connection: batches the writes of one turn of the event loop, respects the broker's limit of
 * unacknowledged messages, and lets QoS 0 wait for a full socket.
 *
 * @param keepAlive Is told of each acknowledgement, and of QoS 0 messages that need one to be timed by.
 */
export const createPublisher = (
  { client, connack, options }: Connection,
  acks: PendingAcks,
  keepAlive: { onAck(): void; mark(): void },
) => {
  const { stream } = client;
  const cork = createCork(stream);
  const refusalOf = createRefusalCheck(connack);
  const windows = windowsOf(connack, options);
  const unanswered = createUnanswered(client, acks, cork, keepAlive.mark);
  const releases = createReleases(client, acks);
  let ended: BrokerError | undefined;
  /** Sends waiting messages while there is room. */
  const sendWaiting = (window: Window) => {
    while (window.room > 0) {
      const next = window.waiting.shift();
      if (!next) return;
      const { topic, payload, qos, retain } = next;
      if (!next.ack.isOpen) continue;
      window.room -= 1;
      cork();
      client.publish(topic, payload, { qos, retain }, (error, packet) => {
        if (!error) keepAlive.onAck();
        releases.forget(packet?.messageId);
        window.room += 1;
        sendWaiting(window);
        acks.settle(next.ack, error ? failureOf(options, topic, error) : undefined);
      });
      if (qos === 2) releases.follow(next);
    }
  };
  return {
    /** Refuses every later message: the connection has ended. */
    stop: (error: BrokerError) => {
      ended = error;
      releases.stop();
      unanswered.stop(error);
    },
    publish: (topic: string, payload: Uint8Array | string, { qos = 0, retain = false }: PublishOptions = {}) =>
      new Promise<void>((resolve, reject) => {
        if (ended) throw closedError(options, ended);
        const reasonCode = refusalOf(topic, payload, qos, retain);
        if (reasonCode !== undefined) throw publishError(topic, reasonCode);
        if (qos === 0)
          return unanswered.send(topic, payload, retain) ? resolve() : void unanswered.await({ resolve, reject });
        const what = `a message on ${topic} was not acknowledged`;
        const answers = expectAnswers(acks, what, publishBytes(topic, payload), qos, { resolve, reject });
        windows[qos].waiting.push({ ...answers, topic, payload: payload as Buffer | string, qos, retain });
        sendWaiting(windows[qos]);
      }),
    publishNow: (topic: string, payload: Uint8Array | string, retain: boolean): boolean => {
      const mustWait = ended !== undefined || stream.writableLength > maxUnwrittenBytes;
      if (mustWait || refusalOf(topic, payload, 0, retain) !== undefined) return false;
      unanswered.send(topic, payload, retain);
      return true;
    },
  };
};
