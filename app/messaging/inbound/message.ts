import type { MessageProperties } from '../../../services/broker.ts';

/** An inbound message, as the input handler gets it. */
export class InboundMessage {
  /**
   * Topic of the message.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => unit.logger.info(message.topic));
   */
  readonly topic: string;
  /**
   * Payload, as received.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => unit.logger.info(`${message.payload.length} bytes`));
   */
  readonly payload: Uint8Array;
  /**
   * Whether the broker had retained it from before the subscription.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => {
   *   if (!message.retained) unit.logger.info('This one is new');
   * });
   */
  readonly retained: boolean;
  /**
   * MQTT 5 properties; `undefined` on MQTT 3.1.1.
   *
   * @example
   * client.setMqttInputHandler((unit, { properties }) => {
   *   const sender = properties?.['userProperties'];
   * });
   */
  readonly properties: MessageProperties | undefined;

  constructor(topic: string, payload: Uint8Array, retained: boolean, properties: MessageProperties | undefined) {
    this.topic = topic;
    this.payload = payload;
    this.retained = retained;
    this.properties = properties;
  }

  /**
   * Decodes the payload as UTF-8 text; malformed bytes become U+FFFD.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => unit.logger.info(message.text()));
   */
  text(): string {
    return decoder.decode(this.payload);
  }

  /**
   * Parses the payload as JSON.
   *
   * @throws {SyntaxError} The payload is not JSON.
   * @example
   * client.setMqttInputHandler((unit, message) => unit.publishToTopics('output/pepeunit', JSON.stringify(message.json())));
   */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

const decoder = new TextDecoder();
