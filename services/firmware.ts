import type { TrialFailure, TrialTerms } from './firmware-journal.ts';
import type { FirmwareStatus, SwapOrder } from './firmware-transitions.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Limits of an archive. */
export interface ArchiveLimits {
  /** Compressed bytes, as received. @defaultValue 256 MiB */
  readonly compressedBytes: number;
  /** Bytes of all files. @defaultValue 1 GiB */
  readonly unpackedBytes: number;
  /** Files and folders. @defaultValue 50_000 */
  readonly entries: number;
  /** Characters of a path. @defaultValue 1024 */
  readonly pathLength: number;
  /** Depth of nested folders. @defaultValue 64 */
  readonly depth: number;
  /** Maximum ratio of unpacked to compressed size, applied above 16 MiB. @defaultValue 200 */
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

/** A new version, complete and checked, in a private folder; it does not run yet. */
export interface StagedFirmware {
  /** Name of the staged version. */
  readonly id: string;
  /** How many files it has. */
  readonly files: number;
  /** Bytes of its files. */
  readonly bytes: number;
}

/** Default terms of a trial: 3 starts of at most two minutes each, and a day without a broker. */
export const defaultTrialTerms = { maxStarts: 3, healthyWithinMs: 120_000, offlineMs: 86_400_000 } as const;

/**
 * The part of an update after its swap, for this process and its supervisor.
 *
 * Operations run one at a time. Each throws `FirmwareError` `journal` or `newerJournal` if the journal is unusable
 * (`recover` replaces a damaged one), and `io` or `space` if the disk fails.
 */
export interface FirmwareTrials {
  /**
   * Finishes an interrupted swap or rollback, and removes stale files. Call it before each start of the program; a
   * second call changes nothing. Moves a damaged journal aside: an update in progress is rolled back, otherwise the
   * running version stays.
   */
  recover(): Promise<FirmwareStatus>;
  /** State of the last update. */
  status(): Promise<FirmwareStatus>;
  /**
   * Counts a start of the program during a trial, unless the trial waits. Without disk space the count is kept in memory
   * only.
   *
   * @param terms Replace those of the update.
   */
  countStart(terms?: Partial<TrialTerms>): Promise<FirmwareStatus>;
  /** Notes that the trial waits for a broker, and for how long in all; the running start does not count. */
  noteWait(waitedMs: number): Promise<void>;
  /** Ends the wait: the running start counts. Does nothing if the trial does not wait. */
  endWait(): Promise<void>;
  /** Notes why the running start failed, for the one who counts the starts. */
  noteFailure(failure: TrialFailure): Promise<void>;
  /** Ends a trial with success; does nothing outside a trial. */
  confirm(): Promise<void>;
  /**
   * Ends a trial with failure: restores the previous version, without a network, and remembers the new one as failed.
   * Does nothing outside a trial.
   */
  rollBack(failure: TrialFailure): Promise<void>;
  /** Forgets the outcome; call it once the outcome was reported. */
  forgetOutcome(): Promise<void>;
}

/**
 * Keeps versions of the unit's program beside the running one and swaps them. The next start always finds one complete
 * version. A journal records the progress and survives a crash at any moment.
 */
export interface FirmwareStore extends FirmwareTrials {
  /**
   * Unpacks an archive (tar, plain or in zlib, gzip or raw deflate) into a private folder. One hostile entry refuses
   * the whole archive.
   *
   * @throws {FirmwareError} `malformed`, `hostile`, `tooLarge`, `incomplete`, `io`, `space`; leaves no files behind.
   */
  stage(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StagedFirmware>;
  /**
   * Reads a JSON file at the root of a staged version; `undefined` if there is none.
   *
   * @throws {FirmwareError} `malformed`
   */
  readJson(id: string, name: string): Promise<JsonValue | undefined>;
  /**
   * Replaces the running version by a staged one and keeps the old one until the next swap. Begins a trial, unless only
   * env.json and schema.json are swapped.
   *
   * @throws {FirmwareError} `busy` if the last update is not settled; `io` or `space`, with the old version in place.
   */
  swap(id: string, order: SwapOrder): Promise<void>;
  /**
   * Checks that a staged version has the program that runs now, where that is a file that updates bring.
   *
   * @throws {FirmwareError} `incomplete`
   */
  checkProgram(id: string): Promise<void>;
  /**
   * Replaces env.json in turn with swaps and rollbacks. The version that a rollback would restore gets the env first,
   * under its own version.
   *
   * @param write Writes env.json.
   * @throws {StorageError} `io`, or what `write` throws; at most the previous version has the env then.
   */
  replaceEnv(env: JsonObject, write: () => Promise<void>): Promise<void>;
  /** Removes a staged version; does nothing if there is none. */
  discard(id: string): Promise<void>;
}

/** Fetches the programs of compilable units. */
export interface FirmwarePrograms {
  /**
   * Downloads the program behind a link, checks it, makes it executable and puts it beside env.json and schema.json of
   * a staged version; other files of the archive are removed. Sends no token. Resumes or reuses an earlier download if
   * the server confirms that the file is unchanged.
   *
   * @param link `COMPILED_FIRMWARE_LINK`, optionally with `#sha256=HEX` as the required digest.
   * @throws {FirmwareError} `link` if it may not be followed, `digest`, `selfTest`, `tooLarge`, `space`, `io`,
   *   `unsigned`, `tampered`, `outdated`
   * @throws {RestError} if the server does not deliver it: `status`, `redirect`, `network`, `timeout`, `aborted`,
   *   `malformed`
   */
  fetch(id: string, link: string, signal: AbortSignal): Promise<{ readonly bytes: number }>;
}

/** Sees to the npm packages of staged versions. */
export interface FirmwarePackages {
  /**
   * Makes sure that a staged version will find the packages that its package.json names and the running version's does
   * not; where the unit's options say so, it installs them beside the version.
   *
   * @throws {FirmwareError} `dependencies` if it would not, or if it is for another version of Node; `malformed` if its
   *   package.json is none; `install`, `io`, `space`
   * @throws {RestError} if a registry could not be had: `network`, `timeout`, `status`
   */
  ensure(id: string, signal: AbortSignal): Promise<void>;
}

/** Checks the signatures of staged versions. */
export interface ReleaseTrust {
  /**
   * Checks that a staged version is complete, unchanged since a trusted key signed it, and not older than the newest
   * release that ran. env.json and schema.json belong to the instance and are not covered. Checks nothing without
   * trusted keys.
   *
   * @throws {FirmwareError} `unsigned`, `tampered`, `outdated`, `io`
   */
  check(id: string): Promise<void>;
}
