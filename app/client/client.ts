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
import type { Payload } from './api/mqtt-client.ts';
import {
  checkCycle,
  resolveOptions,
  type MainCycleOptions,
  type PepeunitClientOptions,
  type ResolvedOptions,
} from './options/options.ts';
import { waitForEvent, type UnitActor } from './await-event.ts';
import type { UnitMetrics } from './metrics.ts';
import { createUnit, type UnitRuntime } from './assemble.ts';
import { ClientParts } from './parts.ts';

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
export class UnitClient<TEnv extends object = Record<string, JsonValue>> extends ClientParts<TEnv> {
  readonly #options: ResolvedOptions;
  readonly #unit: UnitRuntime<TEnv>;
  readonly #measure: () => Promise<StateReport>;
  #updateHandler: ((client: this, payload: JsonObject) => unknown) | undefined;

  constructor(options: PepeunitClientOptions<UnitClient<TEnv>>, platform: Platform) {
    const { options: resolved, fault } = resolveOptions(options);
    const adapters = { ...platform(resolved), ...resolved.adapters };
    const unit = createUnit<TEnv>(adapters, resolved, {
      handOver: ({ payload, commitVersion }) => this.#handleUpdate(payload ?? { PU_COMMIT_VERSION: commitVersion }),
      isReady: () => resolved.update.ready?.(this),
      fault,
    });
    super(unit, adapters);
    this.#unit = unit;
    this.#options = resolved;
    this.#measure = () => measureState(adapters.system, unit.epoch.epochMs, this.settings.PU_COMMIT_VERSION);
  }

  /**
   * Measures what the unit would report now on `state/pepeunit`.
   *
   * @example
   * const { mem_free: freeBytes } = await client.getSystemState();
   */
  getSystemState(): Promise<StateReport> {
    return this.#measure();
  }

  /**
   * Counts of links, messages, commands and failures since the unit was made, read now.
   *
   * @example
   * console.log(client.metrics().uptimeMs);
   */
  metrics(): UnitMetrics {
    return this.#unit.metrics.read();
  }

  /**
   * Sets what is called with each message, one at a time and in order for each topic. Commands are obeyed before it, and
   * without it. What it throws goes to the log.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => unit.logger.info(`${message.topic}: ${message.text()}`));
   */
  setMqttInputHandler(handler: (client: this, message: InboundMessage) => unknown): void {
    this.mqttClient.setInputHandler((message) => handler(this, message));
  }

  /**
   * Sets what is called each cycle, never overlapping itself. What it publishes while offline is queued; what it throws
   * goes to the log.
   *
   * @example
   * client.setOutputHandler((unit) => unit.publishToTopics('output/pepeunit', 21.5), { onlineOnly: true });
   */
  setOutputHandler(handler: (client: this) => unknown, options?: OutputHandlerOptions): void {
    this.#unit.cycle.setHandler(() => handler(this), options);
  }

  /**
   * Sets what takes the place of the whole update sequence; gets the command's payload.
   *
   * @example
   * client.setCustomUpdateHandler((unit, payload) => unit.logger.info(JSON.stringify(payload)));
   */
  setCustomUpdateHandler(handler: (client: this, payload: JsonObject) => unknown): void {
    this.#updateHandler = handler;
    this.actor.send({ type: 'update.configure', handsOver: true });
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
   * Publishes to every topic of a key of `output_topic`, else of `output_base_topic`.
   *
   * @returns `true` when every topic took the message (delivered or queued); `false` for an unknown key or a refusal.
   * @example
   * const isTaken = await client.publishToTopics('output/pepeunit', 21.5);
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
   * @example
   * await client.ready();
   */
  ready(): Promise<void> {
    return this.mqttClient.connect();
  }

  /**
   * Runs the unit until `stopMainCycle()`, whatever the network does.
   *
   * @throws {SettingsError | SchemaError | ClientError} The configuration can't be used, or an option (`options`).
   * @example
   * await client.runMainCycle({ cycleMs: 100 });
   */
  async runMainCycle(options: MainCycleOptions = {}): Promise<void> {
    checkCycle(options);
    const { cycleMs = 20 } = options;
    this.#unit.start();
    const ended = waitForEvent(this.actor, ['stopped'], ['misconfigured']);
    this.#unit.cycle.start(cycleMs);
    try {
      await ended;
    } finally {
      this.#unit.cycle.stop();
    }
  }

  /**
   * Stops the unit: flushes the log, closes the link, gives up requests under way, and leaves nothing running. Takes 5 s at
   * the most.
   *
   * @example
   * await client.stopMainCycle();
   */
  stopMainCycle(): Promise<void> {
    return this.#unit.lifecycle.stop();
  }

  /**
   * Restarts the program; by `restart_exec` where the restart mode names no other way.
   *
   * @throws {ProcessError} The restart failed; the unit goes on.
   * @example
   * await client.restartDevice();
   */
  restartDevice(): Promise<void> {
    const { restartMode: mode } = this.#options;
    return this.#unit.lifecycle.restart(isRestarting(mode) ? mode : RestartMode.RestartExec);
  }

  /**
   * Asks the instance for the unit's version, and updates to it.
   *
   * @throws {SettingsError | RestError | FirmwareError | ProcessError} The version before stays in place.
   * @example
   * await client.performUpdate();
   */
  async performUpdate(): Promise<void> {
    await this.#needSettings();
    const { commit } = await this.restClient.getTargetVersion();
    const ended = waitForEvent(
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
   * @example
   * await client.downloadEnv();
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
   * @example
   * await client.downloadSchema();
   */
  async downloadSchema(path: string = this.#options.schemaFilePath): Promise<void> {
    if (path !== this.#options.schemaFilePath) return this.restClient.downloadSchema(path);
    await this.#unit.ask({ type: 'schema.refresh' }, 'schema');
  }

  /**
   * Keeps a text of up to 1,000,000 characters on the instance; `''` clears it.
   *
   * @throws {RestError}
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

  /**
   * Calls back on an event of the unit, such as `online`. What the callback throws goes to the log.
   *
   * @example
   * const subscription = client.on('online', () => console.log('online'));
   * subscription.unsubscribe();
   */
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
}
