import { failureOf } from '../../services/errors.ts';
import { LogLevel, type LogEntry, type LogSink } from '../../services/log.ts';
import type { LogConfig, LogSinkName } from '../../machines/logger.ts';
import { logEntry, rankOf } from './entry.ts';

/** Names of the sinks. */
export type SinkName = LogSinkName;

export interface LogDispatcherParts {
  readonly sinks: Readonly<Partial<Record<SinkName, LogSink>>>;
  /** Reads the time for `create_datetime`, Unix milliseconds; `undefined` while no time is trusted. */
  readonly epochMs: () => number | undefined;
}

export interface LogDispatcher {
  /** Adds a sink. */
  addSink(name: SinkName, sink: LogSink): void;
  /** Sets the values that no later entry may show. */
  mask(secrets: readonly string[]): void;
  /** Writes an entry to every sink that is on. Never throws, never blocks. */
  log(level: LogLevel, text: string, options?: { fileOnly?: boolean }): void;
  /** Reports a failing sink to all the others. */
  reportFailure(sink: SinkName, thrown: unknown): void;
  configure(config: LogConfig): void;
  readonly config: LogConfig;
  /** Resolves once every sink has flushed, or failed to. */
  flush(): Promise<void>;
}

/** All sinks, in the order of writing. */
export const sinkNames = ['console', 'file', 'mqtt'] as const satisfies readonly SinkName[];

export const createLogDispatcher = (
  { sinks: first, epochMs }: LogDispatcherParts,
  initial: LogConfig,
): LogDispatcher => {
  const sinks: Partial<Record<SinkName, LogSink>> = { ...first };
  let secrets: readonly string[] = [];
  let config = initial;
  let minRank = rankOf(initial.minLevel);
  /** Sinks that threw on their last entry; each is reported once. */
  const broken = new Set<SinkName>();
  const isEcho = (text: string): boolean => sinkNames.some((sink) => config[sink] && sinks[sink]?.isEcho?.(text));

  const write = (sink: SinkName, entry: LogEntry) => {
    if (!config[sink]) return;
    try {
      sinks[sink]?.write(entry);
      broken.delete(sink);
    } catch (thrown) {
      if (broken.has(sink)) return;
      broken.add(sink);
      reportFailure(sink, thrown);
    }
  };

  const reportFailure = (failing: SinkName, thrown: unknown) => {
    if (rankOf(LogLevel.Warning) < minRank) return;
    const text = `Entries do not reach the ${failing} log: ${failureOf(thrown).message}`;
    const entry = logEntry(LogLevel.Warning, text, epochMs(), secrets);
    for (const sink of sinkNames) if (sink !== failing) write(sink, entry);
  };

  const flush = async (sink: SinkName) => {
    try {
      await sinks[sink]?.flush();
    } catch (thrown) {
      reportFailure(sink, thrown);
    }
  };

  return {
    addSink: (name, sink) => void (sinks[name] = sink),
    mask: (values) => void (secrets = values),
    log: (level, text, options) => {
      if (rankOf(level) < minRank || isEcho(text)) return;
      const entry = logEntry(level, text, epochMs(), secrets);
      for (const sink of sinkNames) if (sink !== 'mqtt' || options?.fileOnly !== true) write(sink, entry);
    },
    reportFailure,
    configure: (given) => {
      config = given;
      minRank = rankOf(given.minLevel);
    },
    get config() {
      return config;
    },
    flush: async () => {
      await Promise.all(sinkNames.map(flush));
    },
  };
};
