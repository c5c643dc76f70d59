import type { JsonValue } from '../../services/json.ts';
import { pathsAsGiven, type Platform, type PlatformFiles } from '../platform.ts';
import type { UnitRuntime } from './assemble.ts';
import { waitForEvent } from './await-event.ts';
import { runtimeOf, UnitHandle } from './handle.ts';
import type { OutputHandlerOptions } from './main-cycle.ts';
import { checkCycle, type MainCycleOptions, type UnitOptions } from './options/options.ts';
import type { Codecs, PublishKey } from './api/unit-types.ts';

/**
 * Options of a client. An invalid one makes `ready()` and `runMainCycle()` reject; the error names the accepted values.
 *
 * @typeParam TUnit Types of the unit, as `pepeunit types` writes them; or of its own variables alone.
 * @typeParam TCodecs The type of the option `codecs`.
 */
export interface PepeunitClientOptions<
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
> extends UnitOptions<UnitClient<TUnit, TCodecs>, TCodecs, PublishKey<TUnit>> {}

/**
 * A Pepeunit unit: connects to its instance, exchanges messages and executes commands.
 *
 * The constructor does no I/O and never throws. On Node `settings` and `schema` read their files when they are first used; a
 * storage adapter of your own is read at the start. `ready()` and `runMainCycle()` reject for a missing or invalid file, and
 * for an invalid option.
 *
 * @typeParam TUnit Types of the unit, as `pepeunit types` writes them; or of its own variables alone.
 * @typeParam TCodecs The type of the option `codecs`.
 */
export class UnitClient<
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
> extends UnitHandle<TUnit, TCodecs> {
  readonly #unit: UnitRuntime;

  constructor(options: PepeunitClientOptions<TUnit, TCodecs>, platform: Platform, files: PlatformFiles = pathsAsGiven) {
    super(options, { platform, files });
    this.#unit = runtimeOf(this);
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
    const { actor } = this.#unit.root;
    actor.send({ type: 'cycle.start' });
    try {
      await ended;
    } finally {
      if (actor.getSnapshot().status === 'active') actor.send({ type: 'cycle.stop' });
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
  setCycleSpeed(options: { readonly cycleMs: number }): void {
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
}
