import type { Cipher } from '../../services/cipher.ts';
import { textOf } from '../../services/errors.ts';
import type { JsonObject, JsonValue } from '../../services/json.ts';
import { isRestarting, RestartMode } from '../../services/process-control.ts';
import { measureState, type StateReport } from '../../services/system.ts';
import type { Platform } from '../platform.ts';
import { callGuarded } from '../messaging/call-user.ts';
import type { InboundMessage } from '../messaging/inbound/message.ts';
import { areTaken } from '../messaging/outbound/result.ts';
import type { MessageOptions } from '../messaging/outbound/publisher.ts';
import type { OutputHandlerOptions } from './main-cycle.ts';
import { createFileManager, type FileManager } from './api/file-manager.ts';
import { createLogger, type Logger } from './api/logger.ts';
import { createMqttClient, type MqttClient, type Payload } from './api/mqtt-client.ts';
import {
  checkCycle,
  resolveOptions,
  type MainCycleOptions,
  type PepeunitClientOptions,
  type ResolvedOptions,
} from './options/options.ts';
import { outcomeOf } from './await-event.ts';
import { createRestClient, type RestClient } from './api/rest-client.ts';
import type { UnitActor } from './machines.ts';
import type { UnitMetrics } from './metrics.ts';
import type { SchemaManager } from './api/schema.ts';
import type { Settings } from './api/settings.ts';
import { createTimeManager, type TimeManager } from './api/time-manager.ts';
import { createUnit, type UnitRuntime } from './assemble.ts';
import { createWifiManager, type WifiManager } from './api/wifi-manager.ts';

/** What a unit tells its app; see `on`. */
export type UnitEvent = Parameters<Parameters<UnitActor['on']>[1]>[0];

/**
 * A Pepeunit unit: connects, talks and obeys.
 *
 * The constructor does no I/O and never throws, be it for a missing or broken file or for an option that can't be used:
 * `ready()` and `runMainCycle()` do.
 *
 * @typeParam TEnv The developer's own variables, such as `typeof` the unit's env_example.json.
 */
export class UnitClient<TEnv extends object = Record<string, JsonValue>> {
  readonly settings: Settings<TEnv>;
  readonly schema: SchemaManager;
  readonly logger: Logger;
  readonly mqttClient: MqttClient;
  readonly restClient: RestClient;
  readonly timeManager: TimeManager;
  readonly wifiManager: WifiManager;
  readonly fileManager: FileManager;
  readonly cipher: Cipher;
  /** The root actor: `subscribe`, `getSnapshot`, `send`. */
  readonly actor: UnitActor;

  readonly #options: ResolvedOptions;
  readonly #unit: UnitRuntime<TEnv>;
  readonly #measure: () => Promise<StateReport>;
  #updateHandler: ((client: this, payload: JsonObject) => unknown) | undefined;

  constructor(options: PepeunitClientOptions<UnitClient<TEnv>>, platform: Platform) {
    const { options: resolved, fault } = resolveOptions(options);
    this.#options = resolved;
    const adapters = { ...platform(resolved), ...resolved.adapters };
    const unit = createUnit<TEnv>(adapters, resolved, {
      handOver: ({ payload, commitVersion }) => this.#handleUpdate(payload ?? { PU_COMMIT_VERSION: commitVersion }),
      isReady: () => resolved.update.ready?.(this),
      fault,
    });
    const { actor, documents, plane, epoch, inFlight } = unit;
    const giveUp = inFlight.signal;
    const { env, saveEnv, saveSchema } = documents;
    this.#unit = unit;
    this.actor = actor;
    this.settings = documents.settings;
    this.schema = documents.schema;
    this.cipher = adapters.cipher;
    this.fileManager = createFileManager(adapters.storage, adapters.extract);
    this.logger = createLogger({
      journal: plane.journal,
      toggle: (sink, enabled) => actor.send({ type: 'logger.toggle', sink, enabled }),
      sync: () => this.#syncLogs(),
      stored: () => plane.logFile.lines(),
      clear: () => plane.logFile.clear(),
    });
    this.mqttClient = createMqttClient({
      unit: actor,
      start: () => unit.start(),
      inbox: plane.inbox,
      publisher: plane.publisher,
      warn: plane.warn,
    });
    this.restClient = createRestClient({
      rest: adapters.http,
      storage: adapters.storage,
      env,
      giveUp,
      downloadEnv: saveEnv,
      downloadSchema: saveSchema,
    });
    this.timeManager = createTimeManager(epoch, () => this.#syncTime());
    this.wifiManager = createWifiManager({
      wifi: adapters.wifi,
      clock: adapters.clock,
      env,
      giveUp,
      pause: (attempts, ceilingMs) => Math.min(5_000 * 2 ** Math.min(attempts - 1, 20), ceilingMs),
    });
    this.#measure = () => measureState(adapters.system, epoch.epochMs, this.settings.PU_COMMIT_VERSION);
  }

  /** What the unit would report now on `state/pepeunit`. */
  getSystemState(): Promise<StateReport> {
    return this.#measure();
  }

  /** Counts of links, messages, commands and failures since the unit was made, read now. */
  metrics(): UnitMetrics {
    return this.#unit.metrics.read();
  }

  /**
   * Sets what is called with each message, one at a time and in order for each topic. Commands are obeyed before it,
   * and without it.
   */
  setMqttInputHandler(handler: (client: this, message: InboundMessage) => unknown): void {
    this.mqttClient.setInputHandler((message) => handler(this, message));
  }

  /** Sets what is called each cycle, never overlapping itself. What it publishes while offline is queued. */
  setOutputHandler(handler: (client: this) => unknown, options?: OutputHandlerOptions): void {
    this.#unit.cycle.setHandler(() => handler(this), options);
  }

  /** Sets what takes the place of the whole update sequence; gets the command's payload. */
  setCustomUpdateHandler(handler: (client: this, payload: JsonObject) => unknown): void {
    this.#updateHandler = handler;
    this.actor.send({ type: 'update.configure', handsOver: true });
  }

  /** Subscribes to all topics of the schema (again). */
  subscribeAllSchemaTopics(): void {
    this.mqttClient.subscribeAllSchemaTopics();
  }

  /**
   * Publishes to every topic of a key of `output_topic`, else of `output_base_topic`.
   *
   * @returns `true` when every topic took the message (delivered or queued); `false` for an unknown key or a refusal.
   */
  publishToTopics(key: string, message: Payload, options?: MessageOptions): Promise<boolean> {
    const topics =
      typeof key === 'string' ? (this.schema.outputTopic[key] ?? this.schema.outputBaseTopic[key]) : undefined;
    if (!topics) {
      this.logger.warning(`Nothing was published: the schema has no output topic "${textOf(key)}"`);
      return Promise.resolve(false);
    }
    return areTaken(topics.map((topic) => this.mqttClient.publish(topic, message, options)));
  }

  /**
   * Starts the unit, and resolves once it is online with its topics subscribed.
   *
   * @throws {SettingsError | SchemaError | ClientError} The configuration can't be used, or an option (`options`).
   */
  ready(): Promise<void> {
    return this.mqttClient.connect();
  }

  /**
   * Runs the unit until `stopMainCycle()`, whatever the network does.
   *
   * @throws {SettingsError | SchemaError | ClientError} The configuration can't be used, or an option (`options`).
   */
  async runMainCycle(options: MainCycleOptions = {}): Promise<void> {
    checkCycle(options);
    const { cycleMs = 20 } = options;
    this.#unit.start();
    const ended = outcomeOf(this.actor, ['stopped'], ['misconfigured']);
    this.#unit.cycle.start(cycleMs);
    try {
      await ended;
    } finally {
      this.#unit.cycle.stop();
    }
  }

  /** Stops the unit: log flushed, link closed, requests under way given up, nothing left running. Takes 5 s at the most. */
  stopMainCycle(): Promise<void> {
    return this.#unit.lifecycle.stop();
  }

  /** Restarts the program; by `restart_exec` where the restart mode names no other way. @throws {ProcessError} */
  restartDevice(): Promise<void> {
    const { restartMode: mode } = this.#options;
    return this.#unit.lifecycle.restart(isRestarting(mode) ? mode : RestartMode.RestartExec);
  }

  /** Asks the instance for the unit's version, and updates to it. @throws {SettingsError | RestError | FirmwareError | ProcessError} */
  async performUpdate(): Promise<void> {
    await this.#needSettings();
    const { commit } = await this.restClient.getTargetVersion();
    const ended = outcomeOf(
      this.actor,
      ['updateFinished', 'updateSwapped', 'updateSkipped', 'updateHandedOver', 'updateConfirmed'],
      ['updateFailed', 'updateRefused'],
    );
    this.actor.send({ type: 'update.start', target: { commitVersion: commit } });
    await ended;
  }

  /**
   * Downloads the env, checks it, replaces env.json and takes it over.
   *
   * @param path Save it there instead, and leave the settings as they are.
   * @throws {RestError | SettingsError | StorageError} The old file and settings are then still in force.
   */
  async downloadEnv(path: string = this.#options.envFilePath): Promise<void> {
    if (path !== this.#options.envFilePath) return this.restClient.downloadEnv(path);
    await this.#needSettings();
    await this.#unit.ask({ type: 'settings.refresh' }, 'settings');
  }

  /**
   * Downloads the schema, checks it, replaces schema.json and subscribes as it says.
   *
   * @param path Save it there instead, and leave the schema as it is.
   * @throws {RestError | SchemaError | StorageError} The old file and schema are then still in force.
   */
  async downloadSchema(path: string = this.#options.schemaFilePath): Promise<void> {
    if (path !== this.#options.schemaFilePath) return this.restClient.downloadSchema(path);
    await this.#unit.ask({ type: 'schema.refresh' }, 'schema');
  }

  /** Keeps a text on the instance; {@link UnitClient.getStateStorage} gives the very same. @throws {RestError} */
  setStateStorage(state: string): Promise<void> {
    return this.restClient.setStateStorage(state);
  }

  /** The text that was stored last. @throws {RestError} */
  getStateStorage(): Promise<string> {
    return this.restClient.getStateStorage();
  }

  /** Calls back on an event of the unit, such as `online`. A throw of the callback goes to the log. */
  on<TType extends UnitEvent['type']>(
    type: TType,
    handler: (event: Extract<UnitEvent, { type: TType }>) => unknown,
  ): { unsubscribe(): void } {
    return this.actor.on(type, (event) => {
      void callGuarded(
        `handler of "${type}"`,
        handler,
        [event as Extract<UnitEvent, { type: TType }>],
        this.#unit.plane.warn,
      );
    });
  }

  async #needSettings(): Promise<void> {
    this.#unit.lifecycle.start();
    if (!this.#unit.documents.envNow()) await this.settings.loadFromFile();
  }

  async #handleUpdate(payload: JsonObject): Promise<void> {
    await this.#updateHandler?.(this, payload);
  }

  async #syncLogs(): Promise<number> {
    this.#unit.lifecycle.start();
    const ended = outcomeOf(this.actor, ['logsSynced'], ['logsFailed']);
    this.actor.send({ type: 'logger.sync' });
    return (await ended).entries;
  }

  async #syncTime(): Promise<void> {
    this.#unit.lifecycle.start();
    const ended = outcomeOf(this.actor, ['timeSynced'], ['timeFailed']);
    this.actor.send({ type: 'time.sync' });
    await ended;
  }
}
