import type { MessageProperties } from '../../../services/broker.ts';

/** A message as the input handler gets it. */
export class InboundMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Whether the broker had kept it from before the subscription. */
  readonly retained: boolean;
  /** MQTT 5 properties; `undefined` on MQTT 3.1.1. */
  readonly properties: MessageProperties | undefined;

  constructor(topic: string, payload: Uint8Array, retained: boolean, properties: MessageProperties | undefined) {
    this.topic = topic;
    this.payload = payload;
    this.retained = retained;
    this.properties = properties;
  }

  /** The payload as UTF-8 text; malformed bytes become U+FFFD. */
  text(): string {
    return decoder.decode(this.payload);
  }

  /** The payload as JSON. @throws {SyntaxError} */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

const decoder = new TextDecoder();
