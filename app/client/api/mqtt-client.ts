/// <reference lib="esnext.disposable" preserve="true" />
import type { Qos } from '../../../services/broker.ts';
import { textOf } from '../../../services/errors.ts';
import type { Inbox } from '../../messaging/inbound/inbox.ts';
import type { InboundMessage } from '../../messaging/inbound/message.ts';
import type { OutboxMetrics } from '../../../services/metrics.ts';
import { refused, type PublishResult } from '../../messaging/outbound/result.ts';
import type { MessageOptions } from '../../messaging/outbound/message.ts';
import type { Publisher } from '../../messaging/outbound/publisher.ts';
import { isOnline, waitForEvent } from '../await-event.ts';
import type { Root } from '../root.ts';
import { createExtraTopics } from './extra-topics.ts';
import { LinkRequests, mqttIsOff } from './link-requests.ts';
import { checkWait, type WaitOptions } from '../options/options.ts';
import { waitWithin } from './wait-limit.ts';
import type { Clock } from '../../../services/clock.ts';

/** A payload to publish. Texts, numbers and booleans are sent as UTF-8 text, bytes as they are at the call. */
export type Payload = string | Uint8Array | number | boolean;

/**
 * The MQTT link.
 *
 * @typeParam TMessage What the input handler gets.
 */
export interface MqttClient<TMessage = InboundMessage> {
  /**
   * Starts the unit if need be, and resolves once the link is up and the topics are subscribed.
   *
   * @throws {ClientError | SettingsError | SchemaError} The client was stopped (`stopped`), its root machine failed
   * (`failed`), MQTT is switched off (`unsupported`), the wait was over (`timeout`, `aborted`), {@link MqttClient.disconnect} overtook it (`superseded`), or a
   * document or an option is invalid.
   * @example
   * await client.mqttClient.connect({ timeoutMs: 60_000 });
   */
  connect(options?: WaitOptions): Promise<void>;
  /**
   * Closes the link, which stays closed until {@link MqttClient.connect}. Resolves once it is closed, or at once when
   * `connect()` is called meanwhile.
   *
   * @example
   * await client.mqttClient.disconnect();
   * await client.mqttClient.connect();
   */
  disconnect(): Promise<void>;
  /**
   * Sets the handler of inbound messages; replaces the previous one.
   *
   * @example
   * client.mqttClient.setInputHandler((message) => console.log(message.key, message.text()));
   */
  setInputHandler(handler: (message: TMessage) => unknown): void;
  /**
   * Subscribes to all topics of the schema again.
   *
   * @example
   * client.mqttClient.subscribeAllSchemaTopics();
   */
  subscribeAllSchemaTopics(): void;
  /**
   * Subscribes to topics besides the schema's, also after each reconnect, until {@link MqttClient.unsubscribeTopics}.
   *
   * @example
   * client.mqttClient.subscribeTopics([`${client.settings.PU_DOMAIN}/announcements`]);
   */
  subscribeTopics(topics: readonly string[]): void;
  /**
   * Ends subscriptions of {@link MqttClient.subscribeTopics}.
   *
   * @example
   * client.mqttClient.unsubscribeTopics([`${client.settings.PU_DOMAIN}/announcements`]);
   */
  unsubscribeTopics(topics: readonly string[]): void;
  /**
   * Publishes to one topic, at QoS 0 unless told otherwise: a message that is under way when the connection breaks is lost
   * then. Queues the message while the link is down, as the `outbox` options say. Never rejects.
   *
   * @param options Options, or just whether the broker retains the message.
   * @param qos Quality of service, where `options` says only whether the message is retained.
   * @returns Whether the message was delivered or queued; {@link MqttClient.publishDetailed} tells which, and why not.
   * @example
   * const [topic = ''] = client.schema.outputTopic['output/pepeunit'] ?? [];
   * const isAccepted = await client.mqttClient.publish(topic, 21.5, { qos: 1 });
   */
  publish(topic: string, message: Payload, options?: MessageOptions | boolean, qos?: Qos): Promise<boolean>;
  /**
   * Publishes like {@link MqttClient.publish}, and tells what became of the message.
   *
   * @returns The outcome; for a refused message with the reason and the broker's reason code.
   * @example
   * const [topic = ''] = client.schema.outputTopic['output/pepeunit'] ?? [];
   * const { outcome } = await client.mqttClient.publishDetailed(topic, 21.5, { qos: 1 });
   */
  publishDetailed(topic: string, message: Payload, options?: MessageOptions): Promise<PublishResult>;
  /**
   * Reads the counts of waiting, delivered and lost messages.
   *
   * @example
   * const metrics = client.mqttClient.metrics();
   */
  metrics(): OutboxMetrics;
  /**
   * Checks whether the link is up.
   *
   * @example
   * if (client.mqttClient.isConnected()) client.logger.info('Online');
   */
  isConnected(): boolean;
  /**
   * Connects like {@link MqttClient.connect}; does nothing while the link is up.
   *
   * @throws {ClientError | SettingsError | SchemaError} As {@link MqttClient.connect}.
   * @example
   * await client.mqttClient.ensureConnected();
   */
  ensureConnected(options?: WaitOptions): Promise<void>;
  /**
   * Checks whether the link came back since the last call.
   *
   * @example
   * if (client.mqttClient.consumeReconnected()) client.logger.info('Online again');
   */
  consumeReconnected(): boolean;
  /**
   * Drops inbound messages until the result is disposed of. Commands are still executed.
   *
   * @example
   * {
   *   using dropping = client.mqttClient.dropInput();
   * }
   */
  dropInput(): Disposable;
  /**
   * Drops inbound messages while a callback runs. Commands are still executed.
   *
   * @returns The callback's result.
   * @throws The callback's error.
   * @example
   * const degrees = await client.mqttClient.dropInput(() => 21.5);
   */
  dropInput<T>(during: () => Promise<T> | T): Promise<T>;
}

export interface MqttClientParts {
  readonly root: Root;
  readonly clock: Clock;
  readonly start: () => void;
  /** Whether MQTT is switched on. */
  readonly usesMqtt: boolean;
  readonly inbox: Inbox;
  readonly publisher: Publisher;
  readonly warn: (message: string) => void;
}

const primitives: ReadonlySet<string> = new Set(['string', 'number', 'boolean']);

const typedArrays = Object.getPrototypeOf(Uint8Array.prototype) as object;
const kindOf = Object.getOwnPropertyDescriptor(typedArrays, Symbol.toStringTag)?.get as () => unknown;

/**
 * Whether a value is bytes, of whatever realm, such as a test runner's; and no object that only looks so, such as a proxy
 * of them, which can't be copied.
 */
const isBytes = (given: unknown): boolean => kindOf.call(given) === 'Uint8Array';
const qualities: ReadonlySet<unknown> = new Set([undefined, 0, 1, 2]);

/**
 * Checks the arguments of a publish, for callers without a type checker.
 *
 * @returns What is wrong with them; `undefined` for valid ones.
 */
const misuseOf = (topic: unknown, message: unknown, options: unknown): string | undefined => {
  if (typeof topic !== 'string') return 'its topic is no text';
  if (!primitives.has(typeof message) && !isBytes(message)) {
    return 'it is no text, bytes, number or boolean. Make a text of it, say with JSON.stringify';
  }
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null) return 'its options are no object';
  return !('qos' in options) || qualities.has(options.qos) ? undefined : 'its qos is none of 0, 1 and 2';
};

/** Reads options given as an object, or as retain flag and quality of service. */
const messageOptionsOf = (options: MessageOptions | boolean | undefined, qos: Qos | undefined) =>
  typeof options === 'boolean' ? { retain: options, ...(qos !== undefined && { qos }) } : options;

const payloadOf = (message: Payload): string | Uint8Array => (typeof message === 'object' ? message : String(message));

/** Watches for links after the first. @returns A function that checks for one since its last call. */
const countReconnects = (root: Root) => {
  let links = 0;
  let reconnected = false;
  root.on('online', () => {
    links += 1;
    if (links > 1) reconnected = true;
  });
  return () => {
    const was = reconnected;
    reconnected = false;
    return was;
  };
};

const createDropInput = (inbox: Inbox): MqttClient['dropInput'] => {
  function dropInput(): Disposable;
  function dropInput<T>(during: () => Promise<T> | T): Promise<T>;
  function dropInput<T>(during?: () => Promise<T> | T): Disposable | Promise<T> {
    const release = inbox.hold();
    if (!during) return release;
    return (async () => during())().finally(release);
  }
  return dropInput;
};

/** Checks what is published, and takes it in. */
const createPublishing = ({
  usesMqtt,
  publisher,
  warn,
}: MqttClientParts): Pick<MqttClient, 'publish' | 'publishDetailed'> => {
  /** The reason why a message can't be published, which is a warning. */
  const faultOf = (topic: unknown, message: unknown, options: unknown): string | undefined => {
    const misuse = usesMqtt ? misuseOf(topic, message, options) : 'MQTT is switched off (ffMqttEnable)';
    if (misuse !== undefined) warn(`A message for ${textOf(topic)} was refused: ${misuse}.`);
    return misuse;
  };

  return {
    publish: (topic, message, options, qos) => {
      const given = messageOptionsOf(options, qos);
      if (faultOf(topic, message, given) !== undefined) return Promise.resolve(false);
      return publisher.accept(topic, payloadOf(message), given);
    },
    publishDetailed: (topic, message, options) => {
      const fault = faultOf(topic, message, options);
      if (fault !== undefined) return Promise.resolve(refused(fault));
      return publisher.publish(topic, payloadOf(message), options);
    },
  };
};

export const createMqttClient = (parts: MqttClientParts): MqttClient => {
  const { root, clock, start, usesMqtt, inbox, publisher, warn } = parts;
  const requests = new LinkRequests();
  const connect = async (options: WaitOptions = {}) => {
    checkWait(options);
    if (!usesMqtt) throw mqttIsOff();
    await waitWithin(clock, options, async (ended) => {
      if (isOnline(root.actor)) return;
      await requests.connect(async (overtaken) => {
        start();
        const signal = AbortSignal.any([ended, overtaken]);
        const online = waitForEvent(root.actor, ['online'], ['misconfigured'], { signal, child: 'mqtt' });
        root.actor.send({ type: 'mqtt.connect' });
        await online;
      });
      // Loads the messages of earlier runs, so that the app's first one does not have to wait for that.
      await publisher.open();
    });
  };

  return {
    connect,
    disconnect: async () => {
      const now = root.actor.getSnapshot();
      if (now.status !== 'active' || now.matches({ lifecycle: 'idle' })) return;
      await requests.disconnect(async (signal) => {
        const ended = waitForEvent(root.actor, ['disconnected'], [], { signal, asked: 'mqtt' });
        root.actor.send({ type: 'mqtt.disconnect' });
        await ended.catch((thrown: unknown) => {
          if (thrown !== signal.reason) throw thrown;
        });
      });
    },
    setInputHandler: (handler) => inbox.setHandler(handler),
    subscribeAllSchemaTopics: () => root.actor.send({ type: 'mqtt.resubscribe' }),
    ...createExtraTopics(root, warn),
    ...createPublishing(parts),
    metrics: () => publisher.metrics(),
    isConnected: () => publisher.isAttached(),
    ensureConnected: connect,
    consumeReconnected: countReconnects(root),
    dropInput: createDropInput(inbox),
  };
};
