import type { MqttClient } from 'mqtt';
import type { LinkListener } from '../../../../services/broker.ts';
import { createFlow, type Flow } from './flow.ts';
import type { Framer, FrameKind } from './framer.ts';
import { createTopicTable } from './topic-table.ts';
import { createTurns } from './turns.ts';

type Stream = MqttClient['stream'];
/** Where the MQTT library takes bytes in. */
export type Sink = Parameters<Stream['pipe']>[0];

export interface ReaderParts {
  readonly stream: Stream;
  /** The MQTT library's end of the stream. */
  readonly sink: Sink;
  readonly framer: Framer;
  /** Whether the library has handled CONNACK: nothing is taken past it before. */
  readonly isConnected: () => boolean;
  readonly onMessage: LinkListener['onMessage'];
  /** Acknowledges a message of QoS 1. */
  readonly acknowledge: (id: number) => void;
  /** Writes what was acknowledged, by the library too: it may end the connection over what it is given. */
  readonly writeOut: () => void;
  /** Gets the acknowledgement of a message of QoS 1. */
  readonly onAcknowledged: (id: number) => void;
  readonly onTooLarge: (length: number) => void;
  readonly onMalformed: () => void;
}

/** Hands messages to the listener, and acknowledges each once the listener lets go on. */
const createDelivery = ({ framer, onMessage, acknowledge }: ReaderParts, flow: Flow) => {
  const topics = createTopicTable();
  const turns = createTurns();
  let isStopped = false;
  /** The message that the listener has, and that is not acknowledged yet. */
  let owedId = 0;
  const settle = () => {
    if (owedId !== 0) acknowledge(owedId);
    owedId = 0;
  };
  const goOn = () => {
    if (!isStopped) flow.goOn();
  };
  const afterPause = () => {
    settle();
    goOn();
  };
  return {
    deliver: () => {
      const { bytes } = framer;
      owedId = framer.id;
      const topic = topics.at(bytes, framer.topicFrom, framer.topicEnd);
      const settled = onMessage(topic, bytes.subarray(framer.payloadFrom, framer.end), framer.isRetained, undefined);
      if (isStopped) return;
      if (settled) {
        flow.pause();
        settled.then(afterPause, afterPause);
        return;
      }
      settle();
      if (!turns.isOver()) return;
      flow.pause();
      turns.next(goOn);
    },
    goOn,
    stop: () => {
      isStopped = true;
      settle();
    },
  };
};

/**
 * Reads a connection: hands messages of QoS 0 and 1 to the listener straight from the bytes, and everything else to the
 * MQTT library, in order. While the library is at work on something, and while the listener holds back, nothing is read.
 *
 * @returns Acknowledges what the listener has had, and drops all that comes.
 */
export const createReader = (parts: ReaderParts): (() => void) => {
  const { stream, sink, framer, isConnected, onAcknowledged } = parts;
  const flow = createFlow(stream, () => read());
  const delivery = createDelivery(parts, flow);
  /** The library is done with it, or has given the connection up over it. */
  const afterPass = () => {
    if (!stream.destroyed) delivery.goOn();
  };
  const end = (onFault: () => void) => {
    flow.hold();
    onFault();
  };
  const actions: Readonly<Record<Exclude<FrameKind, 'none'>, () => void>> = {
    message: delivery.deliver,
    acknowledgement: () => onAcknowledged(framer.id),
    foreign: () => {
      flow.hold();
      parts.writeOut();
      sink.write(framer.bytes.subarray(framer.from, framer.end), afterPass);
    },
    tooLarge: () => end(() => parts.onTooLarge(framer.length)),
    malformed: () => end(parts.onMalformed),
  };
  const read = () => {
    while (!flow.isHeld()) {
      const kind = framer.next(isConnected());
      if (kind === 'none') return;
      actions[kind]();
    }
  };
  const onData = (chunk: Buffer) => {
    framer.push(chunk);
    if (flow.isHeld()) flow.keepOut();
    else read();
  };
  stream.on('data', onData);
  return () => {
    delivery.stop();
    stream.off('data', onData);
    framer.clear();
    flow.release();
  };
};
