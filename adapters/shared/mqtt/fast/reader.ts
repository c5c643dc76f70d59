import type { MqttClient } from 'mqtt';
import type { LinkListener } from '../../../../services/broker.ts';
import { Flow } from './flow.ts';
import type { Framer } from './framer.ts';
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
class Delivery {
  readonly #parts: ReaderParts;
  readonly #flow: Flow;
  readonly #topics = createTopicTable();
  readonly #turns = createTurns();
  readonly #goOn = () => this.goOn();
  readonly #afterPause = () => {
    this.#settle();
    this.goOn();
  };
  #isStopped = false;
  /** The message that the listener has, and that is not acknowledged yet. */
  #owedId = 0;

  constructor(parts: ReaderParts, flow: Flow) {
    this.#parts = parts;
    this.#flow = flow;
  }

  deliver(): void {
    const { framer, onMessage } = this.#parts;
    const { bytes } = framer;
    this.#owedId = framer.id;
    const topic = this.#topics.at(bytes, framer.topicFrom, framer.topicEnd);
    const settled = onMessage(topic, bytes.subarray(framer.payloadFrom, framer.end), framer.isRetained, undefined);
    if (this.#isStopped) return;
    if (settled) {
      this.#flow.pause();
      settled.then(this.#afterPause, this.#afterPause);
      return;
    }
    this.#settle();
    if (!this.#turns.isOver()) return;
    this.#flow.pause();
    this.#turns.next(this.#goOn);
  }

  goOn(): void {
    if (!this.#isStopped) this.#flow.goOn();
  }

  stop(): void {
    this.#isStopped = true;
    this.#settle();
  }

  #settle(): void {
    if (this.#owedId !== 0) this.#parts.acknowledge(this.#owedId);
    this.#owedId = 0;
  }
}

/**
 * Reads a connection: hands messages of QoS 0 and 1 to the listener straight from the bytes, and everything else to the
 * MQTT library, in order. While the library is at work on something, and while the listener holds back, nothing is read.
 */
export class Reader {
  readonly #parts: ReaderParts;
  readonly #flow: Flow;
  readonly #delivery: Delivery;
  readonly #onData = (chunk: Buffer) => {
    this.#parts.framer.push(chunk);
    if (this.#flow.isHeld) this.#flow.keepOut();
    else this.#read();
  };
  /** The library is done with it, or has given the connection up over it. */
  readonly #afterPass = () => {
    if (!this.#parts.stream.destroyed) this.#delivery.goOn();
  };

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#flow = new Flow(parts.stream, () => this.#read());
    this.#delivery = new Delivery(parts, this.#flow);
    parts.stream.on('data', this.#onData);
  }

  /** Acknowledges what the listener has had, and drops all that comes. */
  stop(): void {
    this.#delivery.stop();
    this.#parts.stream.off('data', this.#onData);
    this.#parts.framer.clear();
    this.#flow.release();
  }

  #read(): void {
    const { framer, isConnected, onAcknowledged, onTooLarge, onMalformed } = this.#parts;
    while (!this.#flow.isHeld) {
      const kind = framer.next(isConnected());
      if (kind === 'none') return;
      if (kind === 'message') this.#delivery.deliver();
      else if (kind === 'acknowledgement') onAcknowledged(framer.id);
      else if (kind === 'foreign') this.#pass();
      else if (kind === 'tooLarge') this.#end(() => onTooLarge(framer.length));
      else this.#end(onMalformed);
    }
  }

  /** Hands bytes to the library. */
  #pass(): void {
    const { framer, sink, writeOut } = this.#parts;
    this.#flow.hold();
    writeOut();
    sink.write(framer.bytes.subarray(framer.from, framer.end), this.#afterPass);
  }

  #end(onFault: () => void): void {
    this.#flow.hold();
    onFault();
  }
}
