import { fromPromise } from 'xstate';
import { find, type Found, type OfUnit } from './finder.ts';

/** Log levels, lowest first. */
export const LogLevel = {
  Debug: 'Debug',
  Info: 'Info',
  Warning: 'Warning',
  Error: 'Error',
  Critical: 'Critical',
} as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

const levels: readonly LogLevel[] = Object.values(LogLevel);

/**
 * The rank of a log level as a number, for comparisons: 0 for Debug up to 4 for Critical, -1 for what is no level.
 *
 * @example
 * import { LogLevel, logLevelValue } from 'pepeunit-client';
 *
 * const isVerbose = logLevelValue(client.settings.PU_MIN_LOG_LEVEL) < logLevelValue(LogLevel.Warning);
 */
export const logLevelValue = (level: LogLevel): number => levels.indexOf(level);

/** One entry, in the format of the wire and of log.json. */
export interface LogEntry {
  /** How grave it is. */
  readonly level: LogLevel;
  /** What happened. */
  readonly text: string;
  /** ISO 8601 UTC with `Z`; omitted until the time is trusted. */
  readonly create_datetime?: string;
}

/** A destination of log entries. Never throws and never blocks. */
export interface LogSink {
  /** Takes an entry. */
  write(entry: LogEntry): void;
  /** Whether a text comes from what this sink itself has just written, and is to be passed over. */
  isEcho?(text: string): boolean;
  /** Resolves when everything written so far is out. */
  flush(): Promise<void>;
}

/**
 * Flushes every sink, for the logger machine's `flush` and the unit machine's.
 *
 * @example
 * import { loggerMachine } from 'pepeunit-client/machines';
 * import { flushLogs } from 'pepeunit-client/services';
 *
 * const machine = loggerMachine.provide({ actors: { flush: flushLogs(unit.world.console) } });
 */
export const flushLogs = (given: Found<{ flush(): Promise<void> }>) =>
  fromPromise<void>(({ self }) => find(given, self).flush());
export type FlushLogs = ReturnType<typeof flushLogs>;

/** The stored entries that a sync sends. */
export interface StoredLogs {
  /** Reads the entries that are to be sent. @returns How many there are. */
  readStored(signal: AbortSignal): Promise<number>;
  /**
   * Sends the oldest of the entries that are left, and resolves once the broker has acknowledged them.
   *
   * @param from Number of entries that are done with.
   * @throws {BrokerError | ClientError}
   */
  sendBatch(from: number, signal: AbortSignal): Promise<LogBatch>;
}

/** What was done at once of the stored entries. */
export interface LogBatch {
  /** Number of entries that are done with, sent or not: at least one. */
  readonly passed: number;
  /** Number of entries that were sent. */
  readonly sent: number;
}

/** Where a batch of stored entries begins. */
export interface LogBatchInput extends OfUnit {
  /** Number of entries that are done with. */
  readonly from: number;
}

/**
 * Reads the stored entries that are to be sent, for the logger machine's `readStored`.
 *
 * @example
 * import { loggerMachine } from 'pepeunit-client/machines';
 * import { readStoredLogs } from 'pepeunit-client/services';
 *
 * const readStored = readStoredLogs({ readStored: async () => unit.world.console.entries.length });
 * const machine = loggerMachine.provide({ actors: { readStored } });
 */
export const readStoredLogs = (given: Found<Pick<StoredLogs, 'readStored'>>) =>
  fromPromise<number>(({ self, signal }) => find(given, self).readStored(signal));
export type ReadStoredLogs = ReturnType<typeof readStoredLogs>;

/**
 * Sends a batch of stored entries, for the logger machine's `sendBatch`.
 *
 * @example
 * import { loggerMachine } from 'pepeunit-client/machines';
 * import { sendLogBatch } from 'pepeunit-client/services';
 *
 * const sendBatch = sendLogBatch({ sendBatch: async () => ({ passed: 1, sent: 1 }) });
 * const machine = loggerMachine.provide({ actors: { sendBatch } });
 */
export const sendLogBatch = (given: Found<Pick<StoredLogs, 'sendBatch'>>) =>
  fromPromise<LogBatch, LogBatchInput>(({ input, self, signal }) => find(given, self).sendBatch(input.from, signal));
export type SendLogBatch = ReturnType<typeof sendLogBatch>;
