import { textOf } from '../../../services/errors.ts';
import { LogLevel } from '../../../services/log.ts';
import { shownValue } from '../../../services/shown-value.ts';
import { sinkNames, type LogDispatcher, type SinkName } from '../../logging/log.ts';

/** Options of one log entry. */
export interface LogOptions {
  /** Whether the entry skips MQTT, and goes to the log file and the console only. @defaultValue false */
  readonly fileOnly?: boolean | undefined;
}

/**
 * The unit's log, with its sinks console, file and MQTT. A message is a text; anything else is shown: an error with its
 * causes, an object as JSON.
 */
export interface Logger {
  /**
   * Logs a detail for developers.
   *
   * @param options What sinks it goes to, or just `fileOnly`.
   *
   * @example
   * client.logger.debug({ sensor: 'warming up', celsius: 21.5 });
   */
  debug(message: unknown, options?: LogOptions | boolean): void;
  /**
   * Logs normal operation.
   *
   * @example
   * client.logger.info('The fan is on');
   */
  info(message: unknown, options?: LogOptions | boolean): void;
  /**
   * Logs a problem that the unit can work with.
   *
   * @example
   * client.logger.warning('The sensor answers slowly');
   */
  warning(message: unknown, options?: LogOptions | boolean): void;
  /**
   * Logs a failure.
   *
   * @example
   * client.logger.error('The sensor does not answer', { fileOnly: true });
   */
  error(message: unknown, options?: LogOptions | boolean): void;
  /**
   * Logs a failure that keeps the unit from working.
   *
   * @example
   * client.logger.critical('The fan is blocked');
   */
  critical(message: unknown, options?: LogOptions | boolean): void;
  /**
   * Sends every stored entry to the instance, oldest first, but those that are on their way by themselves. Starts the unit
   * if need be.
   *
   * @returns The number of sent entries.
   * @throws {ClientError} The unit was stopped, or the schema has no `log/pepeunit`.
   * @example
   * const entries = await client.logger.syncLogsToMqtt();
   */
  syncLogsToMqtt(): Promise<number>;
  /**
   * Turns a sink on; before the start, from the start on. An unknown name is logged as a warning.
   *
   * @example
   * client.logger.enable('mqtt');
   */
  enable(sink: SinkName): void;
  /**
   * Turns a sink off; before the start, from the start on. An unknown name is logged as a warning.
   *
   * @example
   * client.logger.disable('console');
   */
  disable(sink: SinkName): void;
  /**
   * Empties the log file.
   *
   * @throws {StorageError} `io`
   * @example
   * await client.logger.resetLog();
   */
  resetLog(): Promise<void>;
  /**
   * Reads the stored entries, oldest first.
   *
   * @throws {StorageError} `io`
   * @example
   * const newest = (await client.logger.getFullLog()).at(-1);
   */
  getFullLog(): Promise<LogRecord[]>;
  /**
   * Yields the stored entries, oldest first.
   *
   * @throws {StorageError} `io`
   * @example
   * for await (const { level, text } of client.logger.lines()) console.log(level, text);
   */
  lines(): AsyncIterable<LogRecord>;
}

/** An entry as stored in log.json. */
export type LogRecord = Readonly<Record<string, unknown>>;

const recordOf = (line: string): LogRecord => JSON.parse(line) as LogRecord;

export interface LoggerParts {
  readonly log: LogDispatcher;
  readonly toggle: (sink: SinkName, enabled: boolean) => void;
  readonly sync: () => Promise<number>;
  readonly stored: () => Promise<string[]>;
  readonly clear: () => Promise<void>;
}

export const createLogger = ({ log, toggle, sync, stored, clear }: LoggerParts): Logger => {
  const at = (level: LogLevel) => (message: unknown, options?: LogOptions | boolean) =>
    log.log(level, shownValue(message), typeof options === 'boolean' ? { fileOnly: options } : options);
  const turn = (enabled: boolean) => (sink: SinkName) => {
    if (sinkNames.includes(sink)) toggle(sink, enabled);
    else log.log(LogLevel.Warning, `"${textOf(sink)}" is no sink of the log. Name one of ${sinkNames.join(', ')}.`);
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
    getFullLog: async () => (await stored()).map(recordOf),
    async *lines() {
      for (const line of await stored()) yield recordOf(line);
    },
  };
};
