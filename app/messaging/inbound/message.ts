import type { MessageProperties } from '../../../services/broker.ts';
import { decoderOf } from './codec.ts';
import type { CommandName } from './command.ts';
import type { TopicRole } from './topics.ts';

/**
 * An inbound message, as the input handler gets it.
 *
 * @typeParam TKey What `key` may be.
 * @typeParam TJson What `json()` returns.
 */
export class InboundMessage<TKey extends string | undefined = string | undefined, TJson = unknown> {
  /**
   * Topic of the message.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => unit.logger.info(message.topic));
   */
  readonly topic: string;
  /**
   * The schema's key of the topic: of an Input whose topics include it, or of a command; of an Output that the app
   * subscribed to itself, and `undefined` for another topic that it did. The first one where the schema lists the topic
   * under several {@link InboundMessage.keys}.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => {
   *   if (message.key === 'input/pepeunit') unit.logger.info(`The input is ${message.text()}`);
   * });
   */
  readonly key: TKey;
  /**
   * All keys of the schema that list the topic: Inputs first, in the schema's order.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => {
   *   for (const key of message.keys) unit.logger.info(`${key} got ${message.text()}`);
   * });
   */
  readonly keys: readonly string[];
  /**
   * The command of the instance that the message carries; `undefined` for any other message. The unit has obeyed it before
   * the handler gets it, or refused it; one that is `retained` it has passed over.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => {
   *   if (message.command === 'env_update') unit.logger.info('The env is about to change');
   * });
   */
  readonly command: CommandName | undefined;
  /**
   * Payload, as received. It may be a view of a larger chunk of what was received: copy what you keep for long.
   *
   * @example
   * client.setMqttInputHandler((unit, { key, payload }) => {
   *   if (key === 'input/pepeunit') unit.logger.info(`${payload.length} bytes`);
   * });
   */
  readonly payload: Uint8Array;
  /**
   * Whether the broker had retained it from before the subscription.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => {
   *   if (message.key === 'input/pepeunit' && !message.retained) unit.logger.info('This one is new');
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

  constructor(
    topic: string,
    { keys, command }: TopicRole,
    payload: Uint8Array,
    retained: boolean,
    properties: MessageProperties | undefined,
  ) {
    this.topic = topic;
    this.key = keys[0] as TKey;
    this.keys = keys;
    this.command = command;
    this.payload = payload;
    this.retained = retained;
    this.properties = properties;
  }

  /**
   * Decodes the payload as UTF-8 text; malformed bytes become U+FFFD.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => {
   *   if (message.key === 'input/pepeunit') unit.logger.info(message.text());
   * });
   */
  text(): string {
    return decoder.decode(this.payload);
  }

  /**
   * Parses the payload as JSON, and decodes it by the codec of the message's key, if the option `codecs` has one.
   *
   * @throws {SyntaxError} The payload is not JSON, and its key has no codec.
   * @throws {PayloadError} It is not JSON (`malformed`), or not what the codec takes (`invalid`). What a handler does not
   * catch goes to the log.
   * @example
   * client.setMqttInputHandler((unit, message) => {
   *   if (message.key === 'input/pepeunit') console.log(message.json());
   * });
   */
  json(): TJson {
    const text = this.text();
    const decode = decoderOf(this.keys);
    return (decode ? decode(text) : JSON.parse(text)) as TJson;
  }
}

const decoder = new TextDecoder();

/**
 * Gives a message that is kept bytes of its own: a view keeps the whole chunk alive that it came in, of up to 64 KiB.
 *
 * @returns The message itself where its bytes are its own.
 */
export const withOwnBytes = (message: InboundMessage): InboundMessage => {
  const { topic, payload, retained, properties } = message;
  if (payload.buffer.byteLength === payload.byteLength) return message;
  // The method of Uint8Array copies; the one of Node's Buffer, which a payload may be, does not.
  const own = Uint8Array.prototype.slice.call(payload);
  return new InboundMessage(topic, message, own, retained, properties);
};
