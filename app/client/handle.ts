import type { UnitEmitted } from '../../machines/unit/emitted.ts';
import type { JsonObject, JsonValue } from '../../services/json.ts';
import { redactedData } from '../../services/redacted-data.ts';
import { restartingModeOf, type RestartMode } from '../../services/process-control.ts';
import { callGuarded } from '../messaging/call-user.ts';
import type { Platform, PlatformFiles } from '../platform.ts';
import { UnitRuntime } from './assemble.ts';
import type { UnitActor } from './await-event.ts';
import { checkEvent } from './events.ts';
import type { UnitMetrics } from './metrics.ts';
import { resolveOptions, type UnitOptions, type WaitOptions } from './options/options.ts';
import { createRestReady } from './ready.ts';
import type { Codecs, MessageOf } from './api/unit-types.ts';
import { ClientUpdates } from './updates.ts';

/** An event of the unit; see {@link UnitHandle.on}. */
export type UnitEvent = UnitEmitted;

type EventOf<TType> = Extract<UnitEvent, { type: TType }>;

/** Where a unit runs. */
export interface Host {
  readonly platform: Platform;
  readonly files: PlatformFiles;
  /** The root actor, where a statechart of the app runs it. @defaultValue the unit's own */
  readonly actor?: UnitActor;
}

const runtimes = new WeakMap<object, UnitRuntime>();

/** The unit behind a handle, which the app does not see. */
export const runtimeOf = (handle: object): UnitRuntime => {
  const runtime = runtimes.get(handle);
  if (!runtime) throw new Error('A handle has a unit from its constructor on');
  return runtime;
};

/**
 * A unit, without its start and stop: its parts, its messages and its events. {@link unitOf} gives that of an embedded unit;
 * a {@link UnitClient} adds the rest.
 *
 * @typeParam TUnit Types of the unit, as `pepeunit types` writes them; or of its own variables alone.
 * @typeParam TCodecs The type of the option `codecs`.
 */
export class UnitHandle<
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
> extends ClientUpdates<TUnit, TCodecs> {
  readonly #unit: UnitRuntime;
  readonly #restartMode: RestartMode;
  readonly #ready: (options?: WaitOptions) => Promise<void>;
  #updateHandler: ((payload: JsonObject) => unknown) | undefined;

  /** @internal */
  constructor(options: UnitOptions<UnitHandle<TUnit, TCodecs>, TCodecs>, { platform, files, actor }: Host) {
    const { options: resolved, fault } = resolveOptions(options, (path) => files.absolute(path));
    const adapters = { ...platform(resolved), ...resolved.adapters };
    const unit = new UnitRuntime(adapters, resolved, {
      handOver: async ({ payload, commitVersion }) => {
        await this.#updateHandler?.(payload ?? { PU_COMMIT_VERSION: commitVersion });
      },
      isReady: () => resolved.update.ready?.(this),
      ...(files.readJsonNow && !resolved.adapters?.storage && { readJsonNow: files.readJsonNow }),
      pathOf: files.pathOf,
      fault,
      actor,
    });
    super(unit, adapters, resolved, (path) => files.absolute(path));
    this.#unit = unit;
    this.#restartMode = resolved.restartMode;
    const start = () => unit.start();
    this.#ready = unit.usesMqtt
      ? this.mqttClient.connect
      : createRestReady({ root: unit.root, clock: adapters.clock, start });
    runtimes.set(this, unit);
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
  setMqttInputHandler(handler: (client: this, message: MessageOf<TUnit, TCodecs>) => unknown): void {
    this.mqttClient.setInputHandler((message) => handler(this, message));
  }

  /**
   * Sets the handler that replaces the whole update sequence. It gets the command's payload.
   *
   * @example
   * client.setCustomUpdateHandler((unit, payload) => unit.logger.info(JSON.stringify(payload)));
   */
  setCustomUpdateHandler(handler: (client: this, payload: JsonObject) => unknown): void {
    this.#updateHandler = (payload) => handler(this, payload);
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
