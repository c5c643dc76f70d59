import { stageArchive, type UpdateTarget } from '../../services/update.ts';
import type { Adapters } from '../platform.ts';
import type { UnitRuntime } from './assemble.ts';
import { waitForEvent } from './await-event.ts';
import type { ResolvedOptions } from './options/options.ts';
import { ClientParts } from './parts.ts';
import type { Codecs } from './api/unit-types.ts';

/** The methods that replace the unit's program and its documents. */
export abstract class ClientUpdates<TUnit extends object, TCodecs extends Codecs<TUnit>> extends ClientParts<
  TUnit,
  TCodecs
> {
  readonly #unit: UnitRuntime;
  readonly #adapters: Adapters;
  readonly #options: ResolvedOptions;
  readonly #absolute: (path: string) => string;

  constructor(unit: UnitRuntime, adapters: Adapters, options: ResolvedOptions, absolute: (path: string) => string) {
    super(unit, adapters);
    this.#unit = unit;
    this.#adapters = adapters;
    this.#options = options;
    this.#absolute = absolute;
  }

  /**
   * Reads the unit's target version from the instance, and updates to it.
   *
   * @throws {SettingsError | RestError | FirmwareError | ProcessError} The current version stays in place.
   * @example
   * await client.performUpdate();
   */
  async performUpdate(): Promise<void> {
    await this.#needSettings();
    const { commit } = await this.restClient.getTargetVersion();
    await this.#update({ commitVersion: commit });
  }

  /**
   * Updates to the version in a local archive, such as `downloadUpdate` saves: checked, on trial and rolled back like one
   * from the instance. A custom update handler is not asked.
   *
   * @throws {FirmwareError | SettingsError | StorageError | ProcessError} The current version stays in place.
   * @example
   * await client.restClient.downloadUpdate('update.tgz');
   * await client.updateFromArchive('update.tgz');
   */
  async updateFromArchive(path: string): Promise<void> {
    await this.#needSettings();
    const { unitUuid } = this.settings;
    const { firmware, folders } = this.#adapters;
    const { inFlight, plane } = this.#unit;
    const archive = folders.readFile(this.#absolute(path));
    const target = await plane.untilEnded(stageArchive(firmware, archive, unitUuid, inFlight.signal()));
    try {
      await this.#update(target);
    } finally {
      // What is left of a refused version; the next start removes it as well.
      await firmware.discard(target.staged.id).catch(() => undefined);
    }
  }

  /**
   * Downloads the env, checks it, replaces env.json and applies it.
   *
   * @param path Another file to save to; the settings then stay as they are.
   * @throws {RestError | SettingsError | StorageError} The current file and settings stay in force.
   * @example
   * await client.downloadEnv();
   */
  async downloadEnv(path: string = this.#options.envFilePath): Promise<void> {
    const to = this.#absolute(path);
    if (to !== this.#options.envFilePath) return this.restClient.downloadEnv(to);
    await this.#needSettings();
    await this.#unit.ask({ type: 'settings.refresh' }, 'settings');
  }

  /**
   * Downloads the schema, checks it, replaces schema.json and subscribes to its topics.
   *
   * @param path Another file to save to; the schema then stays as it is.
   * @throws {RestError | SchemaError | StorageError} The current file and schema stay in force.
   * @example
   * await client.downloadSchema();
   */
  async downloadSchema(path: string = this.#options.schemaFilePath): Promise<void> {
    const to = this.#absolute(path);
    if (to !== this.#options.schemaFilePath) return this.restClient.downloadSchema(to);
    await this.#unit.ask({ type: 'schema.refresh' }, 'schema');
  }

  async #update(target: UpdateTarget): Promise<void> {
    const { actor } = this.#unit.root;
    const ended = waitForEvent(
      actor,
      ['updateFinished', 'updateSwapped', 'updateSkipped', 'updateHandedOver', 'updateConfirmed'],
      ['updateFailed', 'updateRefused'],
      { asked: 'update' },
    );
    actor.send({ type: 'update.start', target });
    await ended;
  }

  async #needSettings(): Promise<void> {
    this.#unit.lifecycle.start();
    if (!this.#unit.documents.envNow()) await this.settings.loadFromFile();
  }
}
