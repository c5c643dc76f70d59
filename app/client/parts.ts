import { textOf } from '../../services/errors.ts';
import type { MessageOptions } from '../messaging/outbound/message.ts';
import { areAccepted, isAccepted } from '../messaging/outbound/result.ts';
import type { Qos } from '../../services/broker.ts';
import type { Cipher } from '../../services/cipher.ts';
import type { StateReport } from '../../services/system.ts';
import type { Adapters } from '../platform.ts';
import { createFileManager, type FileManager } from './api/file-manager.ts';
import { createLogger, type Logger } from './api/logger.ts';
import { mqttIsOff } from './api/link-requests.ts';
import { createMqttClient, type MqttClient, type Payload } from './api/mqtt-client.ts';
import { createRestClient, type RestClient } from './api/rest-client.ts';
import type { SchemaManager } from './api/schema.ts';
import type { Settings } from './api/settings.ts';
import { createTimeManager, type TimeManager } from './api/time-manager.ts';
import { createWifiManager, type WifiManager } from './api/wifi-manager.ts';
import type { UnitRuntime } from './assemble.ts';
import type { Codecs, EnvOf, InputKey, MessageOf, OutputKey, PublishKey } from './api/unit-types.ts';
import { waitForEvent, type PublicActor } from './await-event.ts';

/** Options of a message that has no others. */
const atQos: Readonly<Record<Qos, MessageOptions>> = { 0: { qos: 0 }, 1: { qos: 1 }, 2: { qos: 2 } };

type Machines = Pick<UnitRuntime, 'root' | 'lifecycle' | 'plane' | 'usesMqtt'>;

const syncLogs = async ({ root: { actor }, lifecycle, usesMqtt }: Machines): Promise<number> => {
  if (!usesMqtt) throw mqttIsOff();
  lifecycle.start();
  const ended = waitForEvent(actor, ['logsSynced'], ['logsFailed'], { asked: 'logger' });
  actor.send({ type: 'logger.sync' });
  return (await ended).entries;
};

/** @returns Whether an answer came; a warning says why not. */
const syncTime = async ({ root: { actor }, lifecycle, plane }: Machines): Promise<boolean> => {
  lifecycle.start();
  const ended = waitForEvent(actor, ['timeSynced', 'timeFailed'], [], { asked: 'time' });
  actor.send({ type: 'time.sync' });
  const end = await ended;
  if (end.type === 'timeFailed') plane.warn(`Time was not synchronised: ${end.failure.message}`);
  return end.type === 'timeSynced';
};

/** The objects that a client consists of, and the methods that only ask them. */
export abstract class ClientParts<TUnit extends object, TCodecs extends Codecs<TUnit>> {
  /**
   * The MQTT link.
   *
   * @example
   * const isOnline = client.mqttClient.isConnected();
   */
  readonly mqttClient: MqttClient<MessageOf<TUnit, TCodecs>>;
  /**
   * Encryption and decryption of texts with a shared key.
   *
   * @example
   * const secret = await client.cipher.aesGcmEncode('21.5', client.settings.PU_ENCRYPT_KEY);
   */
  readonly cipher: Cipher;
  readonly #unit: UnitRuntime;
  readonly #adapters: Adapters;
  #logger: Logger | undefined;
  #restClient: RestClient | undefined;
  #timeManager: TimeManager | undefined;
  #wifiManager: WifiManager | undefined;
  #fileManager: FileManager | undefined;

  constructor(unit: UnitRuntime, adapters: Adapters) {
    this.#unit = unit;
    this.#adapters = adapters;
    this.cipher = adapters.cipher;
    const { inbox, publisher, warn } = unit.plane;
    this.mqttClient = createMqttClient({
      root: unit.root,
      clock: adapters.clock,
      start: () => unit.start(),
      usesMqtt: unit.usesMqtt,
      inbox,
      publisher,
      warn,
    }) as MqttClient<MessageOf<TUnit, TCodecs>>;
  }

  /**
   * The unit's log, with its sinks console, file and MQTT.
   *
   * @example
   * client.logger.info('The fan is on');
   */
  get logger(): Logger {
    const unit = this.#unit;
    const { log, logFile } = unit.plane;
    return (this.#logger ??= createLogger({
      log,
      toggle: (sink, enabled) => unit.root.set({ type: 'logger.toggle', sink, enabled }),
      sync: () => syncLogs(unit),
      stored: () => logFile.lines(),
      clear: () => logFile.clear(),
    }));
  }

  /**
   * The instance's REST API, called with this unit's token.
   *
   * @example
   * const { commit } = await client.restClient.getTargetVersion();
   */
  get restClient(): RestClient {
    const { documents, inFlight } = this.#unit;
    return (this.#restClient ??= createRestClient({
      rest: this.#adapters.http,
      storage: this.#adapters.storage,
      env: () => documents.env(),
      stopSignal: () => inFlight.signal(),
      downloadEnv: (path) => documents.saveEnv(path),
      downloadSchema: (path) => documents.saveSchema(path),
    }));
  }

  /**
   * The unit's time, synced with a reference clock: NTP, or that of the platform.
   *
   * @example
   * const now = client.timeManager.getEpochMs();
   */
  get timeManager(): TimeManager {
    return (this.#timeManager ??= createTimeManager(this.#unit.epoch, () => syncTime(this.#unit)));
  }

  /**
   * The WiFi station.
   *
   * @example
   * const isLinked = await client.wifiManager.isWifiLinked();
   */
  get wifiManager(): WifiManager {
    const { root, lifecycle, documents, inFlight } = this.#unit;
    return (this.#wifiManager ??= createWifiManager({
      wifi: this.#adapters.wifi,
      clock: this.#adapters.clock,
      env: () => documents.env(),
      stopSignal: () => inFlight.signal(),
      unit: () => root.actor,
      prepare: async () => {
        lifecycle.start();
        if (!documents.envNow()) await documents.settings().loadFromFile();
      },
    }));
  }

  /**
   * Files and folders of the platform.
   *
   * @example
   * const env = await client.fileManager.readJson('env.json');
   */
  get fileManager(): FileManager {
    return (this.#fileManager ??= createFileManager(this.#adapters));
  }

  /**
   * Variables of env.json, by name and typed by `TUnit`. Before the start they are as the file has them, and defaults where
   * it can't be used or can't be read at once, as by a storage adapter of your own.
   *
   * @example
   * const interval = client.settings.PU_STATE_SEND_INTERVAL; // seconds
   */
  get settings(): Settings<EnvOf<TUnit>> {
    return this.#unit.documents.settings() as Settings<EnvOf<TUnit>>;
  }

  /**
   * Topics of schema.json. Before the start they are as the file has them, and none where it can't be used or can't be read
   * at once.
   *
   * @example
   * const topics = client.schema.outputTopic['output/pepeunit'];
   */
  get schema(): SchemaManager<InputKey<TUnit>, OutputKey<TUnit>> {
    return this.#unit.documents.schema() as SchemaManager<InputKey<TUnit>, OutputKey<TUnit>>;
  }

  /**
   * The root actor of the unit's XState machines: `subscribe`, `getSnapshot`, `send`. Its `send` throws
   * {@link ClientError} `invalid` for an event that is unknown, malformed, or only for its machines.
   *
   * @example
   * console.log(client.actor.getSnapshot().value);
   */
  get actor(): PublicActor {
    return this.#unit.root.actor;
  }

  /**
   * Measures the host, and returns the state report that the unit sends on `state/pepeunit`. What the host could not tell
   * within 5 seconds is not in it.
   *
   * @example
   * const { mem_free: freeBytes } = await client.getSystemState();
   */
  getSystemState(): Promise<StateReport> {
    return this.#unit.measureState(this.settings.PU_COMMIT_VERSION);
  }

  /**
   * Publishes to every topic of a key of `output_topic`, else of `output_base_topic`, at QoS 1 unless the options of this
   * call or of the `outbox` say otherwise: it is sent until the broker has acknowledged it, also after a restart. Never
   * rejects. Before the start the message is queued.
   *
   * It resolves once the broker has acknowledged the message, or it is queued: at once while the unit is offline, after
   * `mqtt.timeoutMs` where the broker stays silent. An output handler that awaits it is not called again meanwhile.
   *
   * @returns `true` when the message was delivered or queued for every topic; `false` for an unknown key or a refusal.
   * @example
   * const isAccepted = await client.publishToTopics('output/pepeunit', 21.5);
   */
  publishToTopics(key: PublishKey<TUnit>, message: Payload, options?: MessageOptions): Promise<boolean> {
    const topics =
      typeof key === 'string' ? (this.schema.outputTopic[key] ?? this.schema.outputBaseTopic[key]) : undefined;
    if (!topics) {
      this.logger.warning(`Nothing was published: the schema has no output topic "${textOf(key)}"`);
      return Promise.resolve(false);
    }
    const [topic = ''] = topics;
    if (topics.length === 1) return this.#publishTo(topic, message, options);
    return areAccepted(topics.map((each) => this.#publishTo(each, message, options)));
  }

  #publishTo(topic: string, message: Payload, options: MessageOptions | undefined): Promise<boolean> {
    const given = this.#withQos(topic, options);
    // Here a boolean says nothing of the retain flag.
    if (!(given instanceof Object)) return this.mqttClient.publishDetailed(topic, message, given).then(isAccepted);
    return this.mqttClient.publish(topic, message, given);
  }

  /** Adds the topic's quality of service to options that name none; `publish` checks whether they are options. */
  #withQos(topic: string, options: MessageOptions | undefined): MessageOptions | undefined {
    if (options === undefined) return atQos[this.#unit.plane.publisher.qosOf(topic)];
    const isUnset = options instanceof Object && options.qos === undefined;
    return isUnset ? { ...options, qos: this.#unit.plane.publisher.qosOf(topic) } : options;
  }

  /**
   * Subscribes to all topics of the schema again.
   *
   * @example
   * client.subscribeAllSchemaTopics();
   */
  subscribeAllSchemaTopics(): void {
    this.mqttClient.subscribeAllSchemaTopics();
  }

  /**
   * Stores a text of up to 1,000,000 characters on the instance; `''` clears it.
   *
   * @throws {RestError}
   * @throws {ClientError} `invalid`: it is no text, or has half of a surrogate pair, which no UTF-8 can carry.
   * @example
   * await client.setStateStorage(JSON.stringify({ duty: 40 }));
   */
  setStateStorage(state: string): Promise<void> {
    return this.restClient.setStateStorage(state);
  }

  /**
   * Reads the text that was stored last; `''` when there is none.
   *
   * @throws {RestError}
   * @example
   * const state = await client.getStateStorage();
   */
  getStateStorage(): Promise<string> {
    return this.restClient.getStateStorage();
  }
}
