import type { IConnackPacket, MqttClient } from 'mqtt';
import type { LinkOptions, PublishOptions, Qos } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import type { Connection } from './connect.ts';
import { linkError, publishError } from './errors.ts';
import { publishBytes } from './packet-size.ts';
import type { PendingAck, PendingAcks } from './pending-acks.ts';
import { createTopicCheck } from './topics.ts';

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

/** The reason why the broker would end the session over this message (MQTT 5 section 3.2.2.3), if any. */
const refusalOf = (
  { properties }: IConnackPacket,
  topic: string,
  payload: Uint8Array | string,
  qos: Qos,
  retain: boolean,
): number | undefined => {
  const maxBytes = properties?.maximumPacketSize;
  if (maxBytes !== undefined && publishBytes(topic, payload) > maxBytes) return packetTooLarge;
  if (retain && properties?.retainAvailable === false) return retainNotSupported;
  if (qos > (properties?.maximumQoS ?? 2)) return qosNotSupported;
  return undefined;
};

/** Runs at most `size` tasks at once, in order; a task that returns `false` frees its place immediately. */
const createSemaphore = (size: number) => {
  const queue: (() => boolean)[] = [];
  let running = 0;
  const runNext = () => {
    while (running < size) {
      const run = queue.shift();
      if (!run) return;
      running += 1;
      if (!run()) running -= 1;
    }
  };
  return {
    acquire: (run: () => boolean) => {
      queue.push(run);
      runNext();
    },
    release: () => {
      running -= 1;
      runNext();
    },
  };
};

/**
 * Limits of unacknowledged QoS 1 and 2 messages: MQTT 5 brokers state theirs (section 3.2.2.3.3), 3.1.1 brokers can't.
 */
const windowsOf = ({ properties }: IConnackPacket, { version }: LinkOptions) => {
  if (version === 4) return { 1: createSemaphore(maxPacketIds), 2: createSemaphore(maxExactlyOnce) };
  const window = createSemaphore(properties?.receiveMaximum ?? maxPacketIds);
  return { 1: window, 2: window };
};

/**
 * Publishes on a connection: batches the writes of one turn of the event loop, respects the broker's limit of
 * unacknowledged messages, and lets QoS 0 wait for a full socket.
 *
 * @param onAck Called for each acknowledgement.
 */
export const createPublisher = ({ client, connack, options }: Connection, acks: PendingAcks, onAck: () => void) => {
  const { stream } = client;
  const cork = createCork(stream);
  const faultOf = createTopicCheck();
  const windows = windowsOf(connack, options);
  const blocked: PendingAck[] = [];
  const onDrain = () => {
    for (const ack of blocked.splice(0)) acks.settle(ack);
  };
  stream.on('drain', onDrain);
  const failureOf = (topic: string, cause: Error & { readonly code?: unknown }): BrokerError =>
    typeof cause.code === 'number'
      ? publishError(topic, cause.code, { cause })
      : linkError('closed', options, 'the link ended before a message was acknowledged', { cause });
  const acknowledged = (topic: string, payload: Buffer | string, qos: 1 | 2, retain: boolean) =>
    acks.expect(`a message on ${topic} was not acknowledged`, (ack) => {
      windows[qos].acquire(() => {
        if (!ack.isOpen) return false;
        cork();
        client.publish(topic, payload, { qos, retain }, (error) => {
          if (!error) onAck();
          windows[qos].release();
          acks.settle(ack, error ? failureOf(topic, error) : undefined);
        });
        return true;
      });
    });
  const written = async (topic: string, payload: Buffer | string, retain: boolean) => {
    cork();
    client.publish(topic, payload, { qos: 0, retain });
    if (stream.writableNeedDrain) await acks.expect(`a message on ${topic} was not taken`, (ack) => blocked.push(ack));
  };
  return {
    stop: () => stream.off('drain', onDrain),
    publish: (topic: string, payload: Uint8Array | string, { qos = 0, retain = false }: PublishOptions = {}) => {
      const isValid = faultOf(topic) === undefined;
      const reasonCode = isValid ? refusalOf(connack, topic, payload, qos, retain) : topicNameInvalid;
      if (reasonCode !== undefined) return Promise.reject(publishError(topic, reasonCode));
      // mqtt.js accepts any Uint8Array as a payload, but its types require a Buffer.
      const bytes = payload as Buffer | string;
      return qos === 0 ? written(topic, bytes, retain) : acknowledged(topic, bytes, qos, retain);
    },
    publishNow: (topic: string, payload: Uint8Array | string, retain: boolean): boolean => {
      if (stream.writableLength > maxUnwrittenBytes || faultOf(topic) !== undefined) return false;
      if (refusalOf(connack, topic, payload, 0, retain) !== undefined) return false;
      cork();
      client.publish(topic, payload as Buffer | string, { qos: 0, retain });
      return true;
    },
  };
};
