import { textOf } from '../../../services/errors.ts';
import { LogLevel } from '../../../services/log.ts';
import { sinkNames, type LogDispatcher, type SinkName } from '../../logging/log.ts';

/** Where an entry goes; to every sink that is on by default. */
export interface LogOptions {
  /** Write to the log file (and the console) alone, not to MQTT. @defaultValue false */
  readonly fileOnly?: boolean;
}

/** The unit's log: console, file and MQTT. */
export interface Logger {
  /**
   * Logs a detail for developers.
   *
   * @example
   * client.logger.debug('The sensor is warming up');
   */
  debug(message: string, options?: LogOptions): void;
  /**
   * Logs what happens in everyday work.
   *
   * @example
   * client.logger.info('The fan is on');
   */
  info(message: string, options?: LogOptions): void;
  /**
   * Logs what needs a look.
   *
   * @example
   * client.logger.warning('The sensor answers slowly');
   */
  warning(message: string, options?: LogOptions): void;
  /**
   * Logs what failed.
   *
   * @example
   * client.logger.error('The sensor does not answer', { fileOnly: true });
   */
  error(message: string, options?: LogOptions): void;
  /**
   * Logs what stops the unit from doing its work.
   *
   * @example
   * client.logger.critical('The fan is blocked');
   */
  critical(message: string, options?: LogOptions): void;
  /**
   * Sends every stored entry to the instance, oldest first.
   *
   * @returns How many entries were sent.
   * @throws {ClientError} The unit was stopped, or the schema has no `log/pepeunit`.
   * @example
   * const entries = await client.logger.syncLogsToMqtt();
   */
  syncLogsToMqtt(): Promise<number>;
  /**
   * Lets entries go to a sink from now on; before the start, from the start on. A wrong name is logged as a warning.
   *
   * @example
   * client.logger.enable('mqtt');
   */
  enable(sink: SinkName): void;
  /**
   * Keeps entries from a sink from now on; before the start, from the start on. A wrong name is logged as a warning.
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
}

/** A stored entry, as it stands in log.json. */
export type LogRecord = Readonly<Record<string, unknown>>;

export interface LoggerParts {
  readonly log: LogDispatcher;
  readonly toggle: (sink: SinkName, enabled: boolean) => void;
  readonly sync: () => Promise<number>;
  readonly stored: () => Promise<string[]>;
  readonly clear: () => Promise<void>;
}

export const createLogger = ({ log, toggle, sync, stored, clear }: LoggerParts): Logger => {
  const at = (level: LogLevel) => (message: string, options?: LogOptions) => log.log(level, textOf(message), options);
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
    getFullLog: async () => (await stored()).map((line) => JSON.parse(line) as LogRecord),
  };
};
