import type { MqttClient } from 'mqtt';
import type { LinkListener, MqttVersion } from '../../../../services/broker.ts';
import { Framer } from './framer.ts';
import { createReader, type Sink } from './reader.ts';
import { Unacknowledged, type Numbered, type OnAnswer } from './unacknowledged.ts';
import { createWriteBuffer } from './write-buffer.ts';

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

/**
 * A way past the MQTT library for messages of QoS 0 and 1, and their acknowledgements: decoded straight from the chunks
 * of the connection, and encoded into one buffer for each turn of the event loop. All else is the library's: CONNECT,
 * subscriptions, pings, QoS 2, MQTT 5 properties, and what is not well-formed.
 */
export interface FastPath<TMessage extends Sendable> {
  /** Sends a message of QoS 0. */
  send(topic: string, payload: Uint8Array | string, retain: boolean): void;
  /** Sends a message of QoS 1. @returns Whether there was a packet identifier for it. */
  request(message: TMessage): boolean;
  /** Hands the answer to each message of QoS 1 to a listener. */
  answerTo(listener: OnAnswer<TMessage>): void;
  /** Whether no other message may have this packet identifier. */
  isInUse(id: number): boolean;
  /** Bytes that the connection has not taken yet. */
  unwritten(): number;
  /** Acknowledges what the listener has had, and drops what comes from now on. */
  stopReading(): void;
  /** Forgets what is unacknowledged. */
  stop(): void;
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

/** Creates the fast path of a client that has not connected yet. */
export const createFastPath = <TMessage extends Sendable>(
  client: MqttClient,
  { version, onMessage, onHandedOver, onTooLarge, onMalformed }: FastPathParts,
): FastPath<TMessage> => {
  const unacknowledged = new Unacknowledged<TMessage>(client, onHandedOver);
  const framer = new Framer(version, unacknowledged);
  let buffer: ReturnType<typeof createWriteBuffer>;
  let stopReading: () => void;
  /** Writes what this turn was to write at its end, the library's too: an end destroys the connection. */
  const writeOut = () => {
    buffer.flush();
    while (client.stream.writableCorked > 0) client.stream.uncork();
  };
  interceptReading(client, (sink) => {
    const { stream } = client;
    buffer = createWriteBuffer(client, version === 5);
    stopReading = createReader({
      stream,
      sink,
      framer,
      isConnected: () => client.connected,
      onMessage,
      acknowledge: buffer.acknowledge,
      writeOut,
      onAcknowledged: (id) => unacknowledged.settle(id),
      onTooLarge,
      onMalformed,
    });
  });
  return {
    send: (topic, payload, retain) => buffer.publish(topic, payload, retain, 0),
    request: (message) => {
      const isNumbered = unacknowledged.add(message);
      if (isNumbered) buffer.publish(message.topic, message.payload, message.retain, message.id);
      return isNumbered;
    },
    answerTo: (listener) => unacknowledged.answerTo(listener),
    isInUse: (id) => unacknowledged.isInUse(id),
    unwritten: () => buffer.unwritten(),
    stopReading: () => {
      stopReading();
      writeOut();
    },
    stop: () => unacknowledged.stop(),
  };
};
