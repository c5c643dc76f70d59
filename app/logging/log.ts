import { failureOf } from '../../services/errors.ts';
import { LogLevel, type LogEntry, type LogSink } from '../../services/log.ts';
import { logEntry, rankOf } from './entry.ts';

/** Where entries can go. */
export type SinkName = 'console' | 'file' | 'mqtt';

/** What the logger machine decides: from which level on, how many lines, and where to. */
export interface LogConfig {
  readonly minLevel: LogLevel;
  readonly maxLength: number;
  readonly console: boolean;
  readonly file: boolean;
  readonly mqtt: boolean;
}

export interface LogDispatcherParts {
  readonly sinks: Readonly<Record<SinkName, LogSink>>;
  /** The time for `create_datetime`, Unix milliseconds; `undefined` while none is trusted. */
  readonly epochMs: () => number | undefined;
  /** Values that no entry may show. */
  readonly secrets: () => readonly string[];
}

export interface LogDispatcher {
  /** Writes an entry to every sink that is on. Never throws and never waits. */
  log(level: LogLevel, text: string, options?: { fileOnly?: boolean }): void;
  /** Reports to every other sink that this one does not work, and never to the sink itself. */
  reportFailure(sink: SinkName, thrown: unknown): void;
  configure(config: LogConfig): void;
  readonly config: LogConfig;
  /** Resolves when everything written so far is out, or can't be. */
  flush(): Promise<void>;
}

/** Every place where entries can go. */
export const sinkNames = ['console', 'file', 'mqtt'] as const satisfies readonly SinkName[];

export const createLogDispatcher = (
  { sinks, epochMs, secrets }: LogDispatcherParts,
  initial: LogConfig,
): LogDispatcher => {
  let config = initial;
  let minRank = rankOf(initial.minLevel);
  /** Sinks that threw at their last entry; reported once. */
  const broken = new Set<SinkName>();

  const write = (sink: SinkName, entry: LogEntry) => {
    if (!config[sink]) return;
    try {
      sinks[sink].write(entry);
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
    const entry = logEntry(LogLevel.Warning, text, epochMs(), secrets());
    for (const sink of sinkNames) if (sink !== failing) write(sink, entry);
  };

  const flush = async (sink: SinkName) => {
    try {
      await sinks[sink].flush();
    } catch (thrown) {
      reportFailure(sink, thrown);
    }
  };

  return {
    log: (level, text, options) => {
      if (rankOf(level) < minRank) return;
      const entry = logEntry(level, text, epochMs(), secrets());
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
