import { textOf } from '../../services/errors.ts';
import { LogLevel } from '../../services/log.ts';
import type { Journal } from '../plane/journal.ts';

export interface LogOptions {
  /** Write to the log file (and the console) alone, not to MQTT. @defaultValue false */
  readonly fileOnly?: boolean;
}

/** The unit's log: console, file and MQTT. */
export interface Logger {
  debug(message: string, options?: LogOptions): void;
  info(message: string, options?: LogOptions): void;
  warning(message: string, options?: LogOptions): void;
  error(message: string, options?: LogOptions): void;
  critical(message: string, options?: LogOptions): void;
  /** Sends every stored entry to the instance, oldest first. @returns How many. @throws {ClientError} */
  syncLogsToMqtt(): Promise<number>;
  /** Empties the log file. */
  resetLog(): Promise<void>;
  /** The stored entries, oldest first. */
  getFullLog(): Promise<LogRecord[]>;
}

/** A stored entry, as it stands in log.json. */
export type LogRecord = Readonly<Record<string, unknown>>;

export interface LoggerParts {
  readonly journal: Journal;
  readonly sync: () => Promise<number>;
  readonly stored: () => Promise<string[]>;
  readonly clear: () => Promise<void>;
}

export const createLogger = ({ journal, sync, stored, clear }: LoggerParts): Logger => {
  const at = (level: LogLevel) => (message: string, options?: LogOptions) =>
    journal.log(level, textOf(message), options);
  return {
    debug: at(LogLevel.Debug),
    info: at(LogLevel.Info),
    warning: at(LogLevel.Warning),
    error: at(LogLevel.Error),
    critical: at(LogLevel.Critical),
    syncLogsToMqtt: sync,
    resetLog: clear,
    getFullLog: async () => (await stored()).map((line) => JSON.parse(line) as LogRecord),
  };
};
