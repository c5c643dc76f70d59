import { fromPromise } from 'xstate';
import { parseEnv, type UnitEnv } from './env.ts';
import { FirmwareError } from './errors.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { RestartMode } from './process-control.ts';
import { targetOf, type Rest } from './rest.ts';
import { parseSchema } from './schema.ts';

/** How much of an archive is too much. */
export interface ArchiveLimits {
  /** Bytes as they come over the wire. @defaultValue 256 MiB */
  readonly compressedBytes: number;
  /** Bytes of all files. @defaultValue 1 GiB */
  readonly unpackedBytes: number;
  /** Files and folders. @defaultValue 50_000 */
  readonly entries: number;
  /** Characters of a path. @defaultValue 1024 */
  readonly pathLength: number;
}

export const defaultArchiveLimits: ArchiveLimits = {
  compressedBytes: 256 * 1024 * 1024,
  unpackedBytes: 1024 * 1024 * 1024,
  entries: 50_000,
  pathLength: 1024,
};

/** A new version that lies in a private place, whole and checked, and does not run yet. */
export interface StagedFirmware {
  readonly id: string;
  readonly files: number;
  readonly bytes: number;
}

/** Which part of a staged version to put in place. */
export type FirmwareScope = 'everything' | 'envAndSchema';

/** Keeps versions of the unit's program beside the running one. */
export interface FirmwareStore {
  /**
   * Unpacks an archive (tar, plain or in zlib, gzip or raw deflate) into a private place, refusing it as a whole at
   * the first entry that is hostile.
   *
   * @throws {FirmwareError} `malformed`, `hostile`, `tooLarge`, `incomplete`, `io`; nothing is left behind.
   */
  stage(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StagedFirmware>;
  /** Reads a JSON file at the root of a staged version; `undefined` when there is none. @throws {FirmwareError} `malformed` */
  readJson(id: string, name: string): Promise<JsonValue | undefined>;
  /** Puts a staged version in place of the running one. @throws {FirmwareError} `io` */
  swap(id: string, scope: FirmwareScope): Promise<void>;
  /** Forgets a staged version; nothing happens when there is none. */
  discard(id: string): Promise<void>;
}

/** What an update command asks for. */
export interface UpdateTarget {
  readonly commitVersion: string;
  /** `COMPILED_FIRMWARE_LINK`, for compilable units. */
  readonly firmwareLink?: string;
  /** The command as it came, for a custom update handler. */
  readonly payload?: JsonObject;
}

/** Downloads and stages the firmware, for the update machine's `download`. */
export const downloadFirmware = (rest: Rest, store: FirmwareStore, env: () => Promise<UnitEnv>) =>
  fromPromise<StagedFirmware, { target: UpdateTarget }>(async ({ input, signal }) => {
    if (input.target.firmwareLink !== undefined) {
      throw new FirmwareError('unsupported', 'Compiled firmware needs a custom update handler: set one on the client.');
    }
    return store.stage(await rest.getFirmware(targetOf(await env()), signal), signal);
  });
export type DownloadFirmware = ReturnType<typeof downloadFirmware>;

const required = async (store: FirmwareStore, id: string, name: string): Promise<JsonValue> => {
  const document = await store.readJson(id, name);
  if (document === undefined) {
    throw new FirmwareError('incomplete', `The firmware holds no ${name}. Build the version again on the instance.`);
  }
  return document;
};

/** Checks that a staged version is whole and the one asked for, for the update machine's `verify`. */
export const verifyFirmware = (store: FirmwareStore) =>
  fromPromise<void, { staged: StagedFirmware; target: UpdateTarget }>(async ({ input }) => {
    const { id } = input.staged;
    const env = parseEnv((await required(store, id, 'env.json')) as JsonObject);
    parseSchema(await required(store, id, 'schema.json'));
    const { commitVersion } = input.target;
    if (commitVersion !== '' && env.reserved.PU_COMMIT_VERSION !== commitVersion) {
      throw new FirmwareError(
        'version',
        `The firmware is version ${env.reserved.PU_COMMIT_VERSION}, asked for was ${commitVersion}. Send the update again.`,
      );
    }
  });
export type VerifyFirmware = ReturnType<typeof verifyFirmware>;

/** Puts a staged version in place, for the update machine's `swap`. */
export const swapFirmware = (store: FirmwareStore) =>
  fromPromise<void, { staged: StagedFirmware; mode: RestartMode }>(({ input }) =>
    store.swap(input.staged.id, input.mode === 'env_schema_only' ? 'envAndSchema' : 'everything'),
  );
export type SwapFirmware = ReturnType<typeof swapFirmware>;

/** Forgets a staged version that was refused, for the update machine's `discard`. */
export const discardFirmware = (store: FirmwareStore) =>
  fromPromise<void, { staged: StagedFirmware }>(({ input }) => store.discard(input.staged.id));
export type DiscardFirmware = ReturnType<typeof discardFirmware>;

/** Hands an update to the app's own handler, for the update machine's `handOver`. */
export const handOverUpdate = (handle: (target: UpdateTarget) => Promise<void>) =>
  fromPromise<void, { target: UpdateTarget }>(({ input }) => handle(input.target));
export type HandOverUpdate = ReturnType<typeof handOverUpdate>;
