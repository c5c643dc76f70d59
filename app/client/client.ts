import type { JsonObject, JsonValue } from '../../services/json.ts';
import { redactedData } from '../../services/redaction.ts';
import { restartingModeOf, type RestartMode } from '../../services/process-control.ts';
import type { Platform, PlatformFiles } from '../platform.ts';
import { callGuarded } from '../messaging/call-user.ts';
import type { InboundMessage } from '../messaging/inbound/message.ts';
import type { OutputHandlerOptions } from './main-cycle.ts';
import {
  checkCycle,
  resolveOptions,
  type MainCycleOptions,
  type PepeunitClientOptions,
  type WaitOptions,
} from './options/options.ts';
import { waitForEvent, type UnitActor } from './await-event.ts';
import type { UnitMetrics } from './metrics.ts';
import { createRestReady } from './ready.ts';
import { createUnit, type UnitRuntime } from './assemble.ts';
import { checkEvent } from './events.ts';
import { ClientUpdates } from './updates.ts';

/** An event of the unit; see {@link UnitClient.on}. */
export type UnitEvent = Parameters<Parameters<UnitActor['on']>[1]>[0];

type EventOf<TType> = Extract<UnitEvent, { type: TType }>;

/**
 * A Pepeunit unit: connects to its instance, exchanges messages and executes commands.
 *
 * The constructor does no I/O and never throws. On Node `settings` and `schema` read their files when they are first used; a
 * storage adapter of your own is read at the start. `ready()` and `runMainCycle()` reject for a missing or invalid file, and
 * for an invalid option.
 *
 * @typeParam TEnv The unit's own variables, such as `typeof` its env_example.json.
 */
export class UnitClient<TEnv extends object = Record<string, JsonValue>> extends ClientUpdates<TEnv> {
  readonly #unit: UnitRuntime<TEnv>;
  readonly #restartMode: RestartMode;
  readonly #ready: (options?: WaitOptions) => Promise<void>;
  #updateHandler: ((client: this, payload: JsonObject) => unknown) | undefined;

  constructor(
    options: PepeunitClientOptions<UnitClient<TEnv>>,
    platform: Platform,
    files: PlatformFiles = { absolute: (path) => path },
  ) {
    const { options: resolved, fault } = resolveOptions(options, (path) => files.absolute(path));
    const adapters = { ...platform(resolved), ...resolved.adapters };
    const unit = createUnit<TEnv>(adapters, resolved, {
      handOver: async ({ payload, commitVersion }) => {
        await this.#updateHandler?.(this, payload ?? { PU_COMMIT_VERSION: commitVersion });
      },
      isReady: () => resolved.update.ready?.(this),
      ...(files.readJsonNow && !resolved.adapters?.storage && { readJsonNow: files.readJsonNow }),
      pathOf: files.pathOf,
      fault,
    });
    super(unit, adapters, resolved, (path) => files.absolute(path));
    this.#unit = unit;
    this.#restartMode = resolved.restartMode;
    const start = () => unit.start();
    this.#ready = unit.usesMqtt
      ? this.mqttClient.connect
      : createRestReady({ root: unit.root, clock: adapters.clock, start });
  }

  /**
   * Reads the counts of links, messages, commands and failures since the client was created.
   *
   * @example
   * console.log(client.metrics().uptimeMs);
   */
  metrics(): UnitMetrics {
    return this.#unit.metrics.read();
  }

  /**
   * Sets the handler of inbound messages, called one at a time and in order for each topic; a new one takes over
   * at any time. `message.key` says which Input a message is for. The unit executes commands itself, with or without a handler, and then hands them over as well, with
   * their name in `message.command`. An error that the handler throws goes to the log.
   *
   * @example
   * client.setMqttInputHandler((unit, message) => {
   *   if (message.key === 'input/pepeunit') unit.logger.info(message.text());
   * });
   */
  setMqttInputHandler(handler: (client: this, message: InboundMessage) => unknown): void {
    this.mqttClient.setInputHandler((message) => handler(this, message));
  }

  /**
   * Sets the handler that the main cycle calls, never twice at the same time; a new one takes over at any time, and
   * `undefined` ends the calls. Messages that it publishes while offline are queued. An error that it throws goes to the log.
   *
   * @example
   * client.setOutputHandler((unit) => unit.publishToTopics('output/pepeunit', 21.5), { onlineOnly: true });
   */
  setOutputHandler(handler: ((client: this) => unknown) | undefined, options?: OutputHandlerOptions): void {
    this.#unit.cycle.setHandler(handler && (() => handler(this)), options);
  }

  /**
   * Sets the handler that replaces the whole update sequence. It gets the command's payload.
   *
   * @example
   * client.setCustomUpdateHandler((unit, payload) => unit.logger.info(JSON.stringify(payload)));
   */
  setCustomUpdateHandler(handler: (client: this, payload: JsonObject) => unknown): void {
    this.#updateHandler = handler;
    this.#unit.root.set({ type: 'update.configure', handsOver: true });
  }

  /**
   * Starts the unit, and resolves once it is online with its topics subscribed; without MQTT (`ffMqttEnable`), once its
   * documents are loaded.
   *
   * @throws {SettingsError | SchemaError | ClientError} A document or an option (`options`) is invalid, the client was
   * stopped (`stopped`), its root machine failed (`failed`), or the wait was over (`timeout`, `aborted`).
   * @example
   * await client.ready({ timeoutMs: 60_000 });
   */
  ready(options?: WaitOptions): Promise<void> {
    return this.#ready(options);
  }

  /**
   * Runs the unit until `stopMainCycle()`; it reconnects whenever the network allows. After a stop it starts the unit again,
   * with the same handlers and subscriptions to events.
   *
   * @param options Options, or just the time between two calls of the output handler in milliseconds.
   * @throws {SettingsError | SchemaError | ClientError} A document or an option (`options`) is invalid, or the root machine
   * failed (`failed`); the unit has then ended, with its log written.
   * @example
   * await client.runMainCycle({ cycleMs: 100 });
   */
  async runMainCycle(options: MainCycleOptions | number = {}): Promise<void> {
    const given = typeof options === 'number' ? { cycleMs: options } : options;
    checkCycle(given);
    if (given.cycleMs !== undefined) this.#unit.cycle.setSpeed(given.cycleMs);
    const reopening = this.#unit.lifecycle.reopen();
    if (reopening && !(await reopening)) return;
    this.#unit.start();
    const ended = waitForEvent(this.#unit.root.actor, ['stopped'], ['misconfigured']);
    this.#unit.cycle.start();
    try {
      await ended;
    } finally {
      this.#unit.cycle.stop();
      await this.#unit.lifecycle.afterFailure();
    }
  }

  /**
   * Changes the time between two calls of the output handler, while the main cycle runs or for the next one.
   *
   * @throws {ClientError} `options`
   * @example
   * client.setCycleSpeed({ cycleMs: 1_000 });
   */
  setCycleSpeed(options: Required<MainCycleOptions>): void {
    checkCycle(options);
    this.#unit.cycle.setSpeed(options.cycleMs);
  }

  /**
   * Stops the unit: flushes the log, closes the link, aborts requests under way, and leaves nothing running. Takes 5 s at
   * most. Only `runMainCycle()` starts the client again.
   *
   * @example
   * await client.stopMainCycle();
   */
  stopMainCycle(): Promise<void> {
    return this.#unit.lifecycle.stop();
  }

  /**
   * Restarts the program by the `restartMode` option, or by `restart_exec` if that option restarts nothing.
   *
   * @throws {ProcessError} The restart failed; the unit continues.
   * @throws {ClientError} `stopped` when the client is stopped meanwhile.
   * @example
   * await client.restartDevice();
   */
  restartDevice(): Promise<void> {
    return this.#unit.lifecycle.restart(restartingModeOf(this.#restartMode));
  }

  /**
   * Subscribes to an event of the unit, such as `online`, also after a stop and a new start. An error that the handler throws goes to the log.
   *
   * @throws {ClientError} `invalid`: there is no such event; the message names the one that is meant.
   * @example
   * const subscription = client.on('online', () => console.log('online'));
   * subscription.unsubscribe();
   */
  on<TType extends UnitEvent['type']>(
    type: TType,
    handler: (event: EventOf<TType>) => unknown,
  ): { unsubscribe(): void } {
    checkEvent(type);
    return this.#unit.root.on(type, (event) => {
      void callGuarded(`handler of "${type}"`, handler, [redactedData(event)], this.#unit.plane.warn);
    });
  }
}
