import type { TrialTerms } from './firmware-journal.ts';
import type { FirmwareStatus, SwapOrder } from './firmware-transitions.ts';
import type { JsonValue } from './json.ts';

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
