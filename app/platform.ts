import type { Broker } from '../services/broker.ts';
import type { Cipher } from '../services/cipher.ts';
import type { Clock, ClockSource } from '../services/clock.ts';
import type { FirmwareStore, FirmwarePrograms, ReleaseTrust } from '../services/firmware.ts';
import type { LogSink } from '../services/log.ts';
import type { Outbox } from '../services/outbox.ts';
import type { ProcessControl } from '../services/process-control.ts';
import type { Rest } from '../services/rest.ts';
import type { Storage } from '../services/storage.ts';
import type { System } from '../services/system.ts';
import type { Wifi } from '../services/wifi.ts';

/** One adapter for each port: what a platform brings to a unit, and what an app may replace. */
export interface Adapters {
  readonly wifi: Wifi;
  readonly clock: Clock;
  readonly clockSource: ClockSource;
  readonly broker: Broker;
  readonly http: Rest;
  readonly storage: Storage;
  readonly firmware: FirmwareStore;
  /** Fetches the programs of compilable units. */
  readonly programs: FirmwarePrograms;
  /** Holds new versions to what their makers signed. */
  readonly trust: ReleaseTrust;
  /** Where what waits for the link outlives the program; `undefined` where nothing does. */
  readonly outbox: Outbox | undefined;
  readonly system: System;
  readonly process: ProcessControl;
  readonly cipher: Cipher;
  readonly console: LogSink;
  /** Unpacks an archive file into a folder, for the file manager. */
  readonly extract: (archivePath: string, destination: string) => Promise<void>;
  /** A number from 0 up to 1, for the jitter of retries. */
  readonly random: () => number;
}

/** What a new version may be, and where it goes. */
export interface UpdateSetup {
  /** Folders of the unit's own data that no update touches, relative to the unit's folder. @defaultValue `['data']` */
  readonly dataFolders?: readonly string[];
  /**
   * Ed25519 public keys, each as PEM or its 32 bytes in base64. With one set, a new version has to be signed by one of them
   * (`pepeunit pack --sign`), unchanged, and not older than the newest that ran. env.json and schema.json are the
   * instance's to write and are not covered. @defaultValue every version is trusted
   */
  readonly trustKey?: string | readonly string[];
  /**
   * For compilable units: the executable that `COMPILED_FIRMWARE_LINK` replaces, relative to the unit's folder.
   * @defaultValue the program that runs, when it is in the unit's folder
   */
  readonly program?: string;
  /** Calls a new program with these arguments, and takes it only when it ends with 0 in time. @defaultValue not called */
  readonly selfTest?: { readonly args: readonly string[]; /** @defaultValue 30_000 */ readonly withinMs?: number };
  /** Hosts that programs may come from, each `name` or `name:port`; redirects are held to them too. @defaultValue any */
  readonly hosts?: readonly string[];
  /** Whether programs may come over plain `http:`. @defaultValue false */
  readonly allowHttp?: boolean;
}

/** What adapters may depend on. */
export interface PlatformSetup {
  readonly envFilePath: string;
  readonly logFilePath: string;
  readonly update: UpdateSetup;
  readonly ntpHost: string;
}

/** Makes the adapters of a platform; does no I/O. */
export type Platform = (setup: PlatformSetup) => Adapters;
