import { fromPromise } from 'xstate';
import { parseNextEnv, type UnitEnv } from './env.ts';
import { FirmwareError } from './errors.ts';
import type { FirmwareScope, FirmwareStatus, SwapOrder, TrialTerms } from './firmware-journal.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { RestartMode } from './process-control.ts';
import { targetOf, type Rest } from './rest.ts';
import { parseNextSchema } from './schema.ts';

/** Limits of an archive. */
export interface ArchiveLimits {
  /** Bytes as they come over the wire. @defaultValue 256 MiB */
  readonly compressedBytes: number;
  /** Bytes of all files. @defaultValue 1 GiB */
  readonly unpackedBytes: number;
  /** Files and folders. @defaultValue 50_000 */
  readonly entries: number;
  /** Characters of a path. @defaultValue 1024 */
  readonly pathLength: number;
  /** Folders of a path, one in the other. @defaultValue 64 */
  readonly depth: number;
  /** How many times its packed size an archive may unpack to, above 16 MiB. @defaultValue 200 */
  readonly ratio: number;
}

export const defaultArchiveLimits: ArchiveLimits = {
  compressedBytes: 256 * 1024 * 1024,
  unpackedBytes: 1024 * 1024 * 1024,
  entries: 50_000,
  pathLength: 1024,
  depth: 64,
  ratio: 200,
};

/** A new version in a private place, whole and checked, that does not run yet. */
export interface StagedFirmware {
  readonly id: string;
  readonly files: number;
  readonly bytes: number;
}

/** The default terms of a trial: 3 starts of at most two minutes each. */
export const defaultTrialTerms: TrialTerms = { maxStarts: 3, healthyWithinMs: 120_000 };

/**
 * The part of an update after its swap, for this process or its supervisor.
 *
 * Operations wait for each other. Any of them throws `FirmwareError` `journal` or `newerJournal` when the journal can't
 * be followed (but for `recover`, which replaces a damaged one), and `io` or `space` when the disk fails.
 */
export interface FirmwareTrials {
  /**
   * Finishes an interrupted swap or rollback, and removes what is stale. Call it before each start of the program; a
   * second call changes nothing. A damaged journal is moved aside: an update that was under way is rolled back, else the
   * running version stays.
   */
  recover(): Promise<FirmwareStatus>;
  /** Where the update stands. */
  status(): Promise<FirmwareStatus>;
  /**
   * Counts a start of the program during a trial. A start that the disk has no room for is counted by this process
   * alone.
   */
  countStart(): Promise<FirmwareStatus>;
  /** Ends a trial with success; does nothing outside a trial. */
  confirm(): Promise<void>;
  /** Ends a trial: puts the previous version in place, without a network, and remembers the new one as failed. Does nothing outside a trial. */
  rollBack(reason: string): Promise<void>;
  /** Forgets the outcome, once it was reported. */
  forgetOutcome(): Promise<void>;
}

/**
 * Keeps versions of the unit's program beside the running one, and swaps them such that the next start always finds all
 * of one version. A journal says how far a swap is, and survives a crash at any moment.
 */
export interface FirmwareStore extends FirmwareTrials {
  /**
   * Unpacks an archive (tar, plain or in zlib, gzip or raw deflate) into a private place. The first hostile entry refuses
   * all of it.
   *
   * @throws {FirmwareError} `malformed`, `hostile`, `tooLarge`, `incomplete`, `io`, `space`; nothing is left behind.
   */
  stage(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StagedFirmware>;
  /** Reads a JSON file at the root of a staged version; `undefined` when there is none. @throws {FirmwareError} `malformed` */
  readJson(id: string, name: string): Promise<JsonValue | undefined>;
  /**
   * Puts a staged version in place of the running one, which is kept until the next swap. A trial begins, unless env.json
   * and schema.json were swapped alone.
   *
   * @throws {FirmwareError} `busy` when the last update is not settled; `io`, `space`: the old version is in place then.
   */
  swap(id: string, order: SwapOrder): Promise<void>;
  /** Removes a staged version; does nothing when there is none. */
  discard(id: string): Promise<void>;
}

/** Fetches the programs of compilable units. */
export interface FirmwarePrograms {
  /**
   * Puts the program behind a link beside a staged version's env.json and schema.json, executable and checked; whatever
   * else the archive held goes. The link is asked without any token. What an earlier call got is not asked for again,
   * where the server can tell that it is still the same.
   *
   * @param link `COMPILED_FIRMWARE_LINK`; `#sha256=HEX` at its end holds the program to that digest.
   * @throws {FirmwareError} `link` when it may not be followed, `digest`, `selfTest`, `tooLarge`, `space`, `io`,
   * `unsigned`, `tampered`, `outdated`
   * @throws {RestError} when the server does not give it: `status`, `redirect`, `network`, `timeout`, `aborted`, `malformed`
   */
  fetch(id: string, link: string, signal: AbortSignal): Promise<{ readonly bytes: number }>;
}

/** Checks staged versions against what their makers signed. */
export interface ReleaseTrust {
  /**
   * Checks that a staged version is whole, unchanged since it was signed by a trusted key, and not older than the newest
   * release that ran; env.json and schema.json are the instance's and are not covered. Without a trusted key nothing is
   * asked.
   *
   * @throws {FirmwareError} `unsigned`, `tampered`, `outdated`, `io`
   */
  check(id: string): Promise<void>;
}

/** The version that an update command asks for. */
export interface UpdateTarget {
  readonly commitVersion: string;
  /** `COMPILED_FIRMWARE_LINK`, for compilable units. */
  readonly firmwareLink?: string;
  /** The command as it came, for a custom update handler. */
  readonly payload?: JsonObject;
}

/**
 * Downloads and stages the firmware, for the update machine's `download`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { downloadFirmware, readEnv } from 'pepeunit-client/services';
 *
 * const env = () => readEnv(unit.world.storage, 'env.json');
 * const download = downloadFirmware(unit.world.http, unit.world.firmware, env);
 * const machine = updateMachine.provide({ actors: { download } });
 */
export const downloadFirmware = (rest: Rest, store: FirmwareStore, env: () => Promise<UnitEnv>) =>
  fromPromise<StagedFirmware, { target: UpdateTarget }>(async ({ signal }) =>
    store.stage(await rest.getFirmware(targetOf(await env()), signal), signal),
  );
export type DownloadFirmware = ReturnType<typeof downloadFirmware>;

/**
 * Fetches the program of a compilable unit into its staged version, for the update machine's `stage`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { stageProgram } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { stage: stageProgram(unit.world.programs) } });
 */
export const stageProgram = (programs: FirmwarePrograms) =>
  fromPromise<StagedFirmware, { staged: StagedFirmware; target: UpdateTarget }>(async ({ input, signal }) => {
    const { staged, target } = input;
    if (target.firmwareLink === undefined) return staged;
    const { bytes } = await programs.fetch(staged.id, target.firmwareLink, signal);
    return { ...staged, files: staged.files + 1, bytes: staged.bytes + bytes };
  });
export type StageProgram = ReturnType<typeof stageProgram>;

const required = async (store: FirmwareStore, id: string, name: string): Promise<JsonValue> => {
  const document = await store.readJson(id, name);
  if (document === undefined) {
    throw new FirmwareError('incomplete', `The firmware holds no ${name}. Build the version again on the instance.`);
  }
  return document;
};

/**
 * Checks that a staged version is whole, belongs to the unit, is the one asked for, and is signed where that is required,
 * for the update machine's `verify`. The archive of a compilable unit holds documents of the instance alone: there the
 * program is what is signed.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { readEnv, verifyFirmware } from 'pepeunit-client/services';
 *
 * const env = () => readEnv(unit.world.storage, 'env.json');
 * const trust = { check: async () => undefined };
 * const verify = verifyFirmware(unit.world.firmware, trust, env);
 * const machine = updateMachine.provide({ actors: { verify } });
 */
export const verifyFirmware = (store: FirmwareStore, trust: ReleaseTrust, current: () => Promise<UnitEnv>) =>
  fromPromise<void, { staged: StagedFirmware; target: UpdateTarget }>(async ({ input }) => {
    const { id } = input.staged;
    const { unitUuid } = await current();
    const env = parseNextEnv(await required(store, id, 'env.json'), unitUuid);
    parseNextSchema(await required(store, id, 'schema.json'), unitUuid);
    const { commitVersion } = input.target;
    if (commitVersion !== '' && env.reserved.PU_COMMIT_VERSION !== commitVersion) {
      throw new FirmwareError(
        'version',
        `The firmware is version ${env.reserved.PU_COMMIT_VERSION}, asked for was ${commitVersion}. Send the update again.`,
      );
    }
    if (input.target.firmwareLink === undefined) await trust.check(id);
  });
export type VerifyFirmware = ReturnType<typeof verifyFirmware>;

const scopeOf = (mode: RestartMode, { firmwareLink }: UpdateTarget): FirmwareScope => {
  if (mode === 'env_schema_only') return 'envAndSchema';
  return firmwareLink === undefined ? 'everything' : 'compiled';
};

/** env.json and schema.json: all that the archive of a compilable unit holds. */
const documentFiles = 2;

/** Refuses to replace a program by nothing: the link to a compiled one comes with the command alone. */
const checkHoldsProgram = (scope: FirmwareScope, { files }: StagedFirmware): void => {
  if (scope !== 'everything' || files > documentFiles) return;
  throw new FirmwareError(
    'incomplete',
    'The firmware holds no program. For a compilable unit, send the update command again, with COMPILED_FIRMWARE_LINK.',
  );
};

/**
 * Puts a staged version in place, for the update machine's `swap`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { swapFirmware } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { swap: swapFirmware(unit.world.firmware) } });
 */
export const swapFirmware = (store: FirmwareStore, trial: TrialTerms = defaultTrialTerms) =>
  fromPromise<void, { staged: StagedFirmware; mode: RestartMode; from: string; target: UpdateTarget }>(
    async ({ input: { staged, mode, from, target } }) => {
      const scope = scopeOf(mode, target);
      checkHoldsProgram(scope, staged);
      // A version that waits for the next start has not begun its trial, and the newer one takes its place.
      await store.rollBack(`Version ${target.commitVersion} was wanted instead.`);
      await store.swap(staged.id, { scope, from, to: target.commitVersion, trial });
    },
  );
export type SwapFirmware = ReturnType<typeof swapFirmware>;

/**
 * Forgets a staged version that was refused, for the update machine's `discard`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { discardFirmware } from 'pepeunit-client/services';
 *
 * const machine = updateMachine.provide({ actors: { discard: discardFirmware(unit.world.firmware) } });
 */
export const discardFirmware = (store: FirmwareStore) =>
  fromPromise<void, { staged: StagedFirmware }>(({ input }) => store.discard(input.staged.id));
export type DiscardFirmware = ReturnType<typeof discardFirmware>;

/**
 * Hands an update to the app's own handler, for the update machine's `handOver`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { handOverUpdate } from 'pepeunit-client/services';
 *
 * const handOver = handOverUpdate(async ({ commitVersion }) => console.log(commitVersion));
 * const machine = updateMachine.provide({ actors: { handOver } });
 */
export const handOverUpdate = (handle: (target: UpdateTarget) => Promise<void>) =>
  fromPromise<void, { target: UpdateTarget }>(({ input }) => handle(input.target));
export type HandOverUpdate = ReturnType<typeof handOverUpdate>;
