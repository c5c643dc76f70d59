import type { Broker } from '../services/broker.ts';
import type { Cipher } from '../services/cipher.ts';
import type { Clock, ClockSource } from '../services/clock.ts';
import type { FirmwarePackages, FirmwarePrograms, FirmwareStore, ReleaseTrust } from '../services/firmware.ts';
import type { GivenRecord } from '../services/given-documents.ts';
import type { KeptEnv } from '../services/kept-env.ts';
import type { BrokerProbe, LastLink } from '../services/last-link.ts';
import type { JsonValue } from '../services/json.ts';
import type { Folders } from '../services/folders.ts';
import type { LogSink } from '../services/log.ts';
import type { Outbox } from '../services/outbox.ts';
import type { ProcessControl } from '../services/process-control.ts';
import type { ResetRecord } from '../services/reset.ts';
import type { Rest } from '../services/rest.ts';
import type { Storage } from '../services/storage.ts';
import type { System } from '../services/system.ts';
import type { Wifi } from '../services/wifi.ts';

/** The adapters of a unit, one for each port. A platform provides them, and the option `adapters` replaces them. */
export interface Adapters {
  /** The WiFi station. By default the host manages WiFi: replace it to use the device's own radio. */
  readonly wifi: Wifi;
  /** Wall clock, monotonic clock and timers. */
  readonly clock: Clock;
  /** Reference clock that the time is synced with. */
  readonly clockSource: ClockSource;
  /** MQTT client. */
  readonly broker: Broker;
  /** Finds out whether a broker is there, while a new version can't get online. */
  readonly brokerProbe: BrokerProbe;
  /** Keeps the env before a new one, until that has reached its broker and its instance. */
  readonly keptEnv: KeptEnv;
  /** Remembers the documents that the app gave last. */
  readonly givenRecord: GivenRecord;
  /** Remembers the broker that the unit was last online at. */
  readonly lastLink: LastLink;
  /** Client of the instance's REST API. */
  readonly http: Rest;
  /** Storage of env.json, schema.json, the log and the app's documents. */
  readonly storage: Storage;
  /** Unpacks, installs and rolls back versions of the unit's program. */
  readonly firmware: FirmwareStore;
  /** Downloads the programs of compilable units. */
  readonly programs: FirmwarePrograms;
  /** Sees to the npm packages of new versions. */
  readonly packages: FirmwarePackages;
  /** Verifies the signatures of new versions. */
  readonly trust: ReleaseTrust;
  /** Store that keeps queued messages through a restart; `undefined` keeps them in memory only. */
  readonly outbox: Outbox | undefined;
  /** Metrics of the host for the state report. */
  readonly system: System;
  /** Restarts of the program. */
  readonly process: ProcessControl;
  /** Remembers that a Reset command restarted the program, so that it does so once a minute at most. */
  readonly resetRecord: ResetRecord;
  /** AES-GCM encryption. */
  readonly cipher: Cipher;
  /** Log sink of the console. */
  readonly console: LogSink;
  /** Folders and whole files, for `fileManager`. */
  readonly folders: Folders;
  /** Unpacks an archive file into a folder, for `fileManager.extractTarGz()`. */
  readonly extract: (archivePath: string, destination: string) => Promise<void>;
  /** Random number from 0 up to but not including 1, for the jitter of retries. */
  readonly random: () => number;
}

/** Options of a new version's checks and of its installation. */
export interface UpdateSetup {
  /** Folders that updates leave alone, for the unit's own data; relative to the unit's folder. @defaultValue `['data']` */
  readonly dataFolders?: readonly string[] | undefined;
  /**
   * Whether the npm packages of a new version are installed with it: when its package.json or its lock file names others than
   * the running version's. `npm ci` (without a lock file `npm install`) runs beside the running version, with
   * `--omit=dev --ignore-scripts`, for `withinMs` milliseconds at most. The packages are put in place
   * with the version, and those before are back after a rollback; those that the version does not name stay.
   *
   * @defaultValue `false`: a version whose packages are not there is refused
   */
  readonly install?:
    | boolean
    | {
        /** @defaultValue 300_000 */
        readonly withinMs?: number | undefined;
      }
    | undefined;
  /**
   * Ed25519 public keys, each as PEM or as its 32 bytes in base64. With a key set, a new version must be signed by one of
   * them (`pepeunit pack --sign`), unaltered, and not older than the newest version that ran. Signatures do not cover
   * env.json and schema.json, which the instance writes. Set it where a compromised instance must not run code on devices.
   *
   * @defaultValue none: every version is trusted
   */
  readonly trustKey?: string | readonly string[] | undefined;
  /**
   * For compiled units: the executable that the download from `COMPILED_FIRMWARE_LINK` replaces, relative to the unit's
   * folder.
   *
   * @defaultValue none: the unit is not compiled, and follows no link
   */
  readonly program?: string | undefined;
  /**
   * For compilable units: arguments to run a new program with before it is installed. It must exit with 0 within `withinMs`
   * milliseconds.
   *
   * @defaultValue none: the program is not run before
   */
  readonly selfTest?:
    | {
        /** Arguments of the run. */
        readonly args: readonly string[];
        /** Time limit, milliseconds. @defaultValue 30_000 */
        readonly withinMs?: number | undefined;
      }
    | undefined;
  /** For compilable units: allowed hosts of downloads and redirects, each `name` or `name:port`. @defaultValue any */
  readonly hosts?: readonly string[] | undefined;
  /** For compilable units: whether downloads by plain `http:` are allowed. @defaultValue false */
  readonly allowHttp?: boolean | undefined;
}

/** Options that the adapters depend on. */
export interface PlatformSetup {
  readonly envFilePath: string;
  readonly logFilePath: string;
  readonly update: UpdateSetup;
  readonly ntpHost: string;
}

/** What a platform can do with paths, besides its adapters. */
export interface PlatformFiles {
  /** Makes a path independent of the working directory. @throws {Error} That is gone. */
  absolute(path: string): string;
  /** Reads a JSON file at once, blocking; absent where the platform can't. @throws {Error} */
  readJsonNow?(path: string): JsonValue;
  /** The path in a `file:` address; absent where there are no files. @throws {Error} */
  pathOf?(url: URL): string;
}

/** A platform that takes paths as they are, and has no files of its own. */
export const pathsAsGiven: PlatformFiles = { absolute: (path) => path };

/** Creates the adapters of a platform. Does no I/O. */
export type Platform = (setup: PlatformSetup) => Adapters;
