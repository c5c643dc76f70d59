import type { IConnackPacket, MqttClient } from 'mqtt';
import type { Link, Outcome, PublishOptions, Qos } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import { soon } from './fast/write-buffer.ts';
import { createAcknowledged } from './acknowledged.ts';
import type { Connection } from './connect.ts';
import { closedError, publishError } from './errors.ts';
import { publishBytes } from './packet-size.ts';
import { copyOf } from './payload.ts';
import type { PendingAcks } from './pending-acks.ts';
import { Unacknowledged } from './releases.ts';
import { topicFault } from './topics.ts';

const topicNameInvalid = 0x90;
const packetTooLarge = 0x95;
const retainNotSupported = 0x9a;
const qosNotSupported = 0x9b;
/** Unwritten bytes in the socket above which a QoS 0 message waits. */
const maxUnwrittenBytes = 256 * 1024;

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
const createUnanswered = ({ client, fast }: Connection, acks: PendingAcks, cork: () => void, mark: () => void) => {
  const { stream } = client;
  const write = (topic: string, payload: Uint8Array | string, retain: boolean) => {
    if (fast) return fast.send(topic, payload, retain);
    cork();
    // mqtt.js keeps the payload until it is written. It accepts any Uint8Array, but its types require a Buffer.
    client.publish(topic, copyOf(payload) as Buffer | string, { qos: 0, retain });
  };
  const blocked: Outcome[] = [];
  const onDrain = () => {
    acks.moved();
    for (const outcome of blocked.splice(0)) outcome.resolve();
  };
  stream.on('drain', onDrain);
  /** Bytes that were written in this turn of the event loop. */
  let written = 0;
  const count = () => {
    if (written === 0) return;
    acks.passing(written);
    written = 0;
    if (stream.writableNeedDrain || acks.isLongUntimed()) mark();
  };
  return {
    /** What is sent next comes behind all messages of QoS 0 before it. */
    count,
    /** @returns Whether the socket has room for more. */
    send: (topic: string, payload: Uint8Array | string, retain: boolean): boolean => {
      write(topic, payload, retain);
      if (written === 0) soon(count);
      written += publishBytes(topic, payload);
      return !stream.writableNeedDrain;
    },
    /** Settles once the socket has taken what it was sent. */
    await: (outcome: Outcome) => blocked.push(outcome),
    stop: (error: BrokerError) => {
      written = 0;
      stream.off('drain', onDrain);
      for (const outcome of blocked.splice(0)) outcome.reject(error);
    },
  };
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

/**
 * Publishes on a connection: batches the writes of one turn of the event loop, respects the broker's limit of
 * unacknowledged messages, and lets QoS 0 wait for a full socket.
 *
 * @param keepAlive Is told of each acknowledgement, and of QoS 0 messages that need one to be timed by.
 */
export const createPublisher = (
  connection: Connection,
  acks: PendingAcks,
  keepAlive: { onAck(): void; mark(): void },
) => {
  const { client, connack, options, fast } = connection;
  const cork = createCork(client.stream);
  const refusalOf = createRefusalCheck(connack);
  const unanswered = createUnanswered(connection, acks, cork, keepAlive.mark);
  const acknowledged = createAcknowledged(connection, acks, { cork, onAck: keepAlive.onAck });
  let ended: BrokerError | undefined;
  const deliver: NonNullable<Link['deliver']> = (topic, payload, qos, retain, outcome) => {
    if (ended) return outcome.reject(closedError(options, ended));
    const reasonCode = refusalOf(topic, payload, qos, retain);
    if (reasonCode !== undefined) return outcome.reject(publishError(topic, reasonCode));
    if (qos !== 0) unanswered.count();
    if (qos !== 0) return acknowledged.send(new Unacknowledged(topic, payload, qos, retain, outcome));
    if (unanswered.send(topic, payload, retain)) outcome.resolve();
    else unanswered.await(outcome);
  };
  return {
    /** Refuses every later message: the connection has ended. */
    stop: (error: BrokerError) => {
      ended = error;
      acknowledged.stop();
      unanswered.stop(error);
    },
    publish: (topic: string, payload: Uint8Array | string, { qos = 0, retain = false }: PublishOptions = {}) =>
      new Promise<void>((resolve, reject) => deliver(topic, payload, qos, retain, { resolve, reject })),
    deliver,
    /** What is sent next comes behind all messages of QoS 0 before it. */
    count: unanswered.count,
    publishNow: (topic: string, payload: Uint8Array | string, retain: boolean): boolean => {
      const unwritten = fast?.unwritten() ?? client.stream.writableLength;
      const mustWait = ended !== undefined || unwritten > maxUnwrittenBytes;
      if (mustWait || refusalOf(topic, payload, 0, retain) !== undefined) return false;
      unanswered.send(topic, payload, retain);
      return true;
    },
  };
};
