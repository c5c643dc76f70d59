import type { Broker } from '../services/broker.ts';
import type { Cipher } from '../services/cipher.ts';
import type { Clock, ClockSource } from '../services/clock.ts';
import type { FirmwareStore } from '../services/firmware.ts';
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

/** What adapters may depend on. */
export interface PlatformSetup {
  readonly envFilePath: string;
  readonly logFilePath: string;
  readonly update: { readonly dataFolders?: readonly string[] };
  readonly ntpHost: string;
}

/** Makes the adapters of a platform; does no I/O. */
export type Platform = (setup: PlatformSetup) => Adapters;
