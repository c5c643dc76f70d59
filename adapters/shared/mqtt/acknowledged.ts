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

/** What is called for messages of QoS 1 and 2. */
interface AcknowledgedCalls {
  /** The MQTT library is about to write a message. */
  cork(): void;
  /** An acknowledgement came. */
  onAck(): void;
}

/** Sends messages of QoS 1 and 2, as many at once as the broker allows. */
export class Acknowledged {
  readonly #connection: Connection;
  readonly #acks: PendingAcks;
  readonly #calls: AcknowledgedCalls;
  readonly #windows: Record<1 | 2, Window>;
  readonly #releases: ReturnType<typeof createReleases>;

  constructor(connection: Connection, acks: PendingAcks, calls: AcknowledgedCalls) {
    const { client, connack, options, fast } = connection;
    this.#connection = connection;
    this.#acks = acks;
    this.#calls = calls;
    this.#windows = windowsOf(connack, options);
    this.#releases = createReleases(client, acks);
    fast?.answerTo((message, error) => this.#onAnswer(message, error));
  }

  /** Sends a message as soon as there is room for it. */
  send(message: Unacknowledged): void {
    const window = this.#windows[message.qos];
    this.#acks.follow(message, publishBytes(message.topic, message.payload));
    window.waiting.push(message);
    this.#sendWaiting(window);
  }

  stop(): void {
    this.#releases.stop();
    this.#connection.fast?.stop();
  }

  #onAnswer(message: Unacknowledged, error?: Error): void {
    const window = this.#windows[message.qos];
    if (!error) this.#calls.onAck();
    window.room += 1;
    this.#sendWaiting(window);
    this.#acks.settle(message.owed, error && failureOf(this.#connection.options, message.topic, error));
  }

  #sendWaiting(window: Window): void {
    while (window.room > 0) {
      const next = window.waiting.shift();
      if (!next) return;
      if (next.isOpen && !this.#sendNow(next, window)) {
        window.waiting.unshift(next);
        return;
      }
    }
  }

  /** @returns Whether there was a packet identifier for it. */
  #sendNow(message: Unacknowledged, window: Window): boolean {
    const { fast } = this.#connection;
    window.room -= 1;
    if (!fast || message.qos === 2) {
      this.#sendByLibrary(message);
      return true;
    }
    const isSent = fast.request(message);
    if (!isSent) window.room += 1;
    return isSent;
  }

  #sendByLibrary(message: Unacknowledged): void {
    const { topic, payload, qos, retain } = message;
    this.#calls.cork();
    this.#connection.client.publish(topic, payload, { qos, retain }, (error, packet) => {
      this.#releases.forget(packet?.messageId);
      this.#onAnswer(message, error);
    });
    if (qos === 2) this.#releases.follow(message);
  }
}
