import { textOf } from '../../../services/errors.ts';
import { LogLevel } from '../../../services/log.ts';
import { sinkNames, type Journal, type SinkName } from '../../logging/log.ts';

/** Where an entry goes; to every sink that is on by default. */
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
  /** Lets entries go to this sink from now on; before the start, from the start on. A sink that is none is told in the log. */
  enable(sink: SinkName): void;
  /** Keeps entries from this sink from now on; before the start, from the start on. A sink that is none is told in the log. */
  disable(sink: SinkName): void;
  /** Empties the log file. */
  resetLog(): Promise<void>;
  /** The stored entries, oldest first. */
  getFullLog(): Promise<LogRecord[]>;
}

/** A stored entry, as it stands in log.json. */
export type LogRecord = Readonly<Record<string, unknown>>;

export interface LoggerParts {
  readonly journal: Journal;
  readonly toggle: (sink: SinkName, enabled: boolean) => void;
  readonly sync: () => Promise<number>;
  readonly stored: () => Promise<string[]>;
  readonly clear: () => Promise<void>;
}

export const createLogger = ({ journal, toggle, sync, stored, clear }: LoggerParts): Logger => {
  const at = (level: LogLevel) => (message: string, options?: LogOptions) =>
    journal.log(level, textOf(message), options);
  const turn = (enabled: boolean) => (sink: SinkName) => {
    if (sinkNames.includes(sink)) toggle(sink, enabled);
    else journal.log(LogLevel.Warning, `"${textOf(sink)}" is no sink of the log. Name one of ${sinkNames.join(', ')}.`);
  };
  return {
    debug: at(LogLevel.Debug),
    info: at(LogLevel.Info),
    warning: at(LogLevel.Warning),
    error: at(LogLevel.Error),
    critical: at(LogLevel.Critical),
    enable: turn(true),
    disable: turn(false),
    syncLogsToMqtt: sync,
    resetLog: clear,
    getFullLog: async () => (await stored()).map((line) => JSON.parse(line) as LogRecord),
  };
};
