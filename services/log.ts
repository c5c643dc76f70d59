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
  readonly level: LogLevel;
  readonly text: string;
  /** ISO 8601 UTC with `Z`; omitted until the time is trusted. */
  readonly create_datetime?: string;
}

/** A destination of log entries. Never throws and never blocks. */
export interface LogSink {
  write(entry: LogEntry): void;
  /** Whether a text comes from what this sink itself has just written, and is to be passed over. */
  isEcho?(text: string): boolean;
  /** Resolves when everything written so far is out. */
  flush(): Promise<void>;
}

/**
 * Flushes every sink, for the logger machine's `flush`.
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

/** Which stored entries to send: all, or with `goesOn` the rest of a sending that was cut off. */
export interface LogSyncInput extends OfUnit {
  readonly goesOn: boolean;
}

/** Sends stored entries, oldest first. @returns How many were sent, including those before a cut. */
export type SendLogs = (input: LogSyncInput, signal: AbortSignal) => Promise<number>;

/**
 * Sends stored entries, for the logger machine's `sendStored`.
 *
 * @example
 * import { loggerMachine } from 'pepeunit-client/machines';
 * import { sendStoredLogs } from 'pepeunit-client/services';
 *
 * const sendStored = sendStoredLogs({ sendStoredLogs: async () => unit.world.console.entries.length });
 * const machine = loggerMachine.provide({ actors: { sendStored } });
 */
export const sendStoredLogs = (given: Found<{ readonly sendStoredLogs: SendLogs }>) =>
  fromPromise<number, LogSyncInput>(({ input, self, signal }) => find(given, self).sendStoredLogs(input, signal));
export type SendStoredLogs = ReturnType<typeof sendStoredLogs>;
