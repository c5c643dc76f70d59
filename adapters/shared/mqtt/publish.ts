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
/** Bytes that may wait for the socket before a message of QoS 0 has to wait as well. */
const maxUnwrittenBytes = 256 * 1024;
const maxPacketIds = 65_535;
/** Messages of QoS 2 that a 3.1.1 broker gets at a time: mosquitto acknowledges more than its default of 20, and drops them. */
const maxExactlyOnce = 20;

/** Sends what is written in one turn of the event loop as one piece. */
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

/** Why the broker would end the session if it got this message (MQTT 5 section 3.2.2.3). */
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

/** Lets at most `size` tasks run at once, in order; a task that returns `false` frees its place at once. */
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

/** How many messages of QoS 1 and 2 may be unacknowledged: MQTT 5 asks the broker (section 3.2.2.3.3), 3.1.1 can't. */
const windowsOf = ({ properties }: IConnackPacket, { version }: LinkOptions) => {
  if (version === 4) return { 1: createSemaphore(maxPacketIds), 2: createSemaphore(maxExactlyOnce) };
  const window = createSemaphore(properties?.receiveMaximum ?? maxPacketIds);
  return { 1: window, 2: window };
};

/**
 * Publishes on a connection: what is written in one turn of the event loop goes out as one piece, no more is
 * unacknowledged than the broker allows, and QoS 0 waits for the socket where too much waits to be written.
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
      // mqtt.js takes any Uint8Array for a payload, its types ask for a Buffer.
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
