import type { IConnackPacket, MqttClient } from 'mqtt';
import type { Link, Outcome, PublishOptions, Qos } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import { soon } from './fast/write-buffer.ts';
import { Acknowledged } from './acknowledged.ts';
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
class Cork {
  readonly #stream: MqttClient['stream'];
  readonly #onTurnEnd = () => {
    this.#isIn = false;
    this.#stream.uncork();
  };
  #isIn = false;

  constructor(stream: MqttClient['stream']) {
    this.#stream = stream;
  }

  putIn(): void {
    if (this.#isIn || typeof setImmediate !== 'function') return;
    this.#isIn = true;
    this.#stream.cork();
    setImmediate(this.#onTurnEnd);
  }
}

/** Messages of QoS 0, and those of them that wait until the socket has taken what was before them. */
class Unanswered {
  readonly #connection: Connection;
  readonly #stream: MqttClient['stream'];
  readonly #acks: PendingAcks;
  readonly #cork: Cork;
  readonly #mark: () => void;
  readonly #blocked: Outcome[] = [];
  readonly #count = () => this.count();
  readonly #onDrain = () => {
    this.#acks.moved();
    for (const outcome of this.#blocked.splice(0)) outcome.resolve();
  };
  /** Bytes that were written in this turn of the event loop. */
  #written = 0;

  constructor(connection: Connection, acks: PendingAcks, cork: Cork, mark: () => void) {
    this.#connection = connection;
    this.#stream = connection.client.stream;
    this.#acks = acks;
    this.#cork = cork;
    this.#mark = mark;
    this.#stream.on('drain', this.#onDrain);
  }

  /** Bytes that the socket has not taken yet. */
  get unwritten(): number {
    return this.#connection.fast?.unwritten() ?? this.#stream.writableLength;
  }

  /** What is sent next comes behind all messages of QoS 0 before it. */
  count(): void {
    if (this.#written === 0) return;
    this.#acks.passing(this.#written);
    this.#written = 0;
    if (this.#stream.writableNeedDrain || this.#acks.isLongUntimed()) this.#mark();
  }

  /** @returns Whether the socket has room for more. */
  send(topic: string, payload: Uint8Array | string, retain: boolean): boolean {
    this.#write(topic, payload, retain);
    if (this.#written === 0) soon(this.#count);
    this.#written += publishBytes(topic, payload);
    return !this.#stream.writableNeedDrain;
  }

  /** Settles once the socket has taken what it was sent. */
  await(outcome: Outcome): void {
    this.#blocked.push(outcome);
  }

  stop(error: BrokerError): void {
    this.#written = 0;
    this.#stream.off('drain', this.#onDrain);
    for (const outcome of this.#blocked.splice(0)) outcome.reject(error);
  }

  #write(topic: string, payload: Uint8Array | string, retain: boolean): void {
    const { client, fast } = this.#connection;
    if (fast) {
      fast.send(topic, payload, retain);
      return;
    }
    this.#cork.putIn();
    // mqtt.js keeps the payload until it is written. It accepts any Uint8Array, but its types require a Buffer.
    client.publish(topic, copyOf(payload) as Buffer | string, { qos: 0, retain });
  }
}

/** The reason why the broker would end the session over a message (MQTT 5 section 3.2.2.3), if any. */
const refusalOf = (
  { properties }: IConnackPacket,
  topic: string,
  payload: Uint8Array | string,
  qos: Qos,
  retain: boolean,
): number | undefined => {
  if (topicFault(topic) !== undefined) return topicNameInvalid;
  if (!properties) return undefined;
  const { maximumPacketSize: maxBytes, retainAvailable: takesRetain, maximumQoS: maxQos = 2 } = properties;
  if (maxBytes !== undefined && publishBytes(topic, payload) > maxBytes) return packetTooLarge;
  if (retain && takesRetain === false) return retainNotSupported;
  return qos > maxQos ? qosNotSupported : undefined;
};

/**
 * Publishes on a connection: batches the writes of one turn of the event loop, respects the broker's limit of
 * unacknowledged messages, and lets QoS 0 wait for a full socket.
 */
export class LinkPublisher implements Pick<Required<Link>, 'publish' | 'deliver' | 'publishNow'> {
  readonly #connection: Connection;
  readonly #unanswered: Unanswered;
  readonly #acknowledged: Acknowledged;
  #ended: BrokerError | undefined;

  /** @param keepAlive Is told of each acknowledgement, and of QoS 0 messages that need one to be timed by. */
  constructor(connection: Connection, acks: PendingAcks, keepAlive: { onAck(): void; mark(): void }) {
    const cork = new Cork(connection.client.stream);
    this.#connection = connection;
    this.#unanswered = new Unanswered(connection, acks, cork, () => keepAlive.mark());
    this.#acknowledged = new Acknowledged(connection, acks, {
      cork: () => cork.putIn(),
      onAck: () => keepAlive.onAck(),
    });
  }

  publish(
    topic: string,
    payload: Uint8Array | string,
    { qos = 0, retain = false }: PublishOptions = {},
  ): Promise<void> {
    return new Promise((resolve, reject) => this.deliver(topic, payload, qos, retain, { resolve, reject }));
  }

  deliver(topic: string, payload: Uint8Array | string, qos: Qos, retain: boolean, outcome: Outcome): void {
    const { options, connack } = this.#connection;
    if (this.#ended) {
      outcome.reject(closedError(options, this.#ended));
      return;
    }
    const reasonCode = refusalOf(connack, topic, payload, qos, retain);
    if (reasonCode !== undefined) {
      outcome.reject(publishError(topic, reasonCode));
    } else if (qos !== 0) {
      this.#unanswered.count();
      this.#acknowledged.send(new Unacknowledged(topic, payload, qos, retain, outcome));
    } else if (this.#unanswered.send(topic, payload, retain)) outcome.resolve();
    else this.#unanswered.await(outcome);
  }

  publishNow(topic: string, payload: Uint8Array | string, retain: boolean): boolean {
    if (this.#ended !== undefined || this.#unanswered.unwritten > maxUnwrittenBytes) return false;
    if (refusalOf(this.#connection.connack, topic, payload, 0, retain) !== undefined) return false;
    this.#unanswered.send(topic, payload, retain);
    return true;
  }

  /** What is sent next comes behind all messages of QoS 0 before it. */
  count(): void {
    this.#unanswered.count();
  }

  /** Refuses every later message: the connection has ended. */
  stop(error: BrokerError): void {
    this.#ended = error;
    this.#acknowledged.stop();
    this.#unanswered.stop(error);
  }
}
