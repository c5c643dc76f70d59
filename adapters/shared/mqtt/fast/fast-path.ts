import type { MqttClient } from 'mqtt';
import type { LinkListener, MqttVersion } from '../../../../services/broker.ts';
import { Framer } from './framer.ts';
import { Reader, type Sink } from './reader.ts';
import { Unacknowledged, type Numbered, type OnAnswer } from './unacknowledged.ts';
import { WriteBuffer } from './write-buffer.ts';

/** A message, as it is sent. */
export interface Sendable extends Numbered {
  readonly topic: string;
  readonly payload: Uint8Array | string;
  readonly retain: boolean;
}

export interface FastPathParts {
  readonly version: MqttVersion;
  readonly onMessage: LinkListener['onMessage'];
  /** Called when an answer to a message comes that is left to the library. */
  readonly onHandedOver: () => void;
  /** Called once, when the broker sends a packet over the limit; nothing is read after that. */
  readonly onTooLarge: (length: number) => void;
  /** Called once, when the broker sends a message that is none; nothing is read after that. */
  readonly onMalformed: () => void;
}

interface Builder {
  streamBuilder: (client: MqttClient) => MqttClient['stream'];
}

/** Has a client's next connection read by the function given, instead of by the client itself. */
const interceptReading = (client: MqttClient, attach: (sink: Sink) => void): void => {
  const builder = client as unknown as Builder;
  const { streamBuilder } = builder;
  builder.streamBuilder = (given) => {
    const stream = streamBuilder(given);
    stream.pipe = (sink) => {
      attach(sink);
      return sink;
    };
    return stream;
  };
};

/**
 * A way past the MQTT library for messages of QoS 0 and 1, and their acknowledgements: decoded straight from the chunks
 * of the connection, and encoded into one buffer for each turn of the event loop. All else is the library's: CONNECT,
 * subscriptions, pings, QoS 2, MQTT 5 properties, and what is not well-formed.
 */
export class FastPath<TMessage extends Sendable> {
  readonly #client: MqttClient;
  readonly #unacknowledged: Unacknowledged<TMessage>;
  #buffer: WriteBuffer | undefined;
  #reader: Reader | undefined;

  /** @param client One that has not connected yet. */
  constructor(client: MqttClient, parts: FastPathParts) {
    this.#client = client;
    this.#unacknowledged = new Unacknowledged(client, parts.onHandedOver);
    interceptReading(client, (sink) => this.#attach(sink, parts));
  }

  /** Sends a message of QoS 0. */
  send(topic: string, payload: Uint8Array | string, retain: boolean): void {
    this.#buffer?.publish(topic, payload, retain, 0);
  }

  /** Sends a message of QoS 1. @returns Whether there was a packet identifier for it. */
  request(message: TMessage): boolean {
    const isNumbered = this.#unacknowledged.add(message);
    if (isNumbered) this.#buffer?.publish(message.topic, message.payload, message.retain, message.id);
    return isNumbered;
  }

  /** Hands the answer to each message of QoS 1 to a listener. */
  answerTo(listener: OnAnswer<TMessage>): void {
    this.#unacknowledged.answerTo(listener);
  }

  /** Whether no other message may have this packet identifier. */
  isInUse(id: number): boolean {
    return this.#unacknowledged.isInUse(id);
  }

  /** Bytes that the connection has not taken yet. */
  unwritten(): number {
    return this.#buffer?.unwritten() ?? 0;
  }

  /** Acknowledges what the listener has had, and drops what comes from now on. */
  stopReading(): void {
    this.#reader?.stop();
    this.#writeOut();
  }

  /** Forgets what is unacknowledged. */
  stop(): void {
    this.#unacknowledged.stop();
  }

  #attach(sink: Sink, { version, onMessage, onTooLarge, onMalformed }: FastPathParts): void {
    const client = this.#client;
    const unacknowledged = this.#unacknowledged;
    const buffer = new WriteBuffer(client, version === 5);
    this.#buffer = buffer;
    this.#reader = new Reader({
      stream: client.stream,
      sink,
      framer: new Framer(version, unacknowledged),
      isConnected: () => client.connected,
      onMessage,
      acknowledge: (id) => buffer.acknowledge(id),
      writeOut: () => this.#writeOut(),
      onAcknowledged: (id) => unacknowledged.settle(id),
      onTooLarge,
      onMalformed,
    });
  }

  /** Writes what this turn was to write at its end, the library's too: an end destroys the connection. */
  #writeOut(): void {
    this.#buffer?.flush();
    const { stream } = this.#client;
    while (stream.writableCorked > 0) stream.uncork();
  }
}
