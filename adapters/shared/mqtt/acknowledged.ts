import type { IConnackPacket } from 'mqtt';
import type { LinkOptions } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import type { Connection } from './connect.ts';
import { linkError, publishError } from './errors.ts';
import { publishBytes } from './packet-size.ts';
import type { PendingAcks } from './pending-acks.ts';
import { createReleases, type Unacknowledged } from './releases.ts';

const maxPacketIds = 65_535;
/** Concurrent QoS 2 messages to a 3.1.1 broker: mosquitto acknowledges more than its default of 20, and drops them. */
const maxExactlyOnce = 20;

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

const failureOf = (options: LinkOptions, topic: string, cause: Error & { readonly code?: unknown }): BrokerError =>
  typeof cause.code === 'number'
    ? publishError(topic, cause.code, { cause })
    : linkError('closed', options, 'the link ended before a message was acknowledged', { cause });

/**
 * Sends messages of QoS 1 and 2, as many at once as the broker allows.
 *
 * @param calls `cork` is called before the MQTT library writes a message, `onAck` with each acknowledgement.
 */
export const createAcknowledged = (
  { client, connack, options, fast }: Connection,
  acks: PendingAcks,
  { cork, onAck }: { cork(): void; onAck(): void },
) => {
  const windows = windowsOf(connack, options);
  const releases = createReleases(client, acks);
  const onAnswer = (message: Unacknowledged, error?: Error) => {
    if (!error) onAck();
    windows[message.qos].room += 1;
    sendWaiting(windows[message.qos]);
    acks.settle(message.owed, error ? failureOf(options, message.topic, error) : undefined);
  };
  fast?.answerTo(onAnswer);
  const sendByLibrary = (message: Unacknowledged) => {
    const { topic, payload, qos, retain } = message;
    cork();
    client.publish(topic, payload, { qos, retain }, (error, packet) => {
      releases.forget(packet?.messageId);
      onAnswer(message, error);
    });
    if (qos === 2) releases.follow(message);
  };
  const sendWaiting = (window: Window) => {
    while (window.room > 0) {
      const next = window.waiting.shift();
      if (!next) return;
      if (!next.isOpen) continue;
      window.room -= 1;
      if (!fast || next.qos === 2) sendByLibrary(next);
      else if (!fast.request(next)) {
        window.room += 1;
        return void window.waiting.unshift(next);
      }
    }
  };
  return {
    /** Sends a message as soon as there is room for it. */
    send: (message: Unacknowledged) => {
      acks.follow(message, publishBytes(message.topic, message.payload));
      windows[message.qos].waiting.push(message);
      sendWaiting(windows[message.qos]);
    },
    stop: () => {
      releases.stop();
      fast?.stop();
    },
  };
};
