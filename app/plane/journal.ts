import { LogLevel, type LogEntry, type LogSink } from '../../services/log.ts';

/** Where entries can go. */
export type SinkName = 'console' | 'file' | 'mqtt';

/** What the logger machine decides: from which level on, how many lines, and where to. */
export interface JournalConfig {
  readonly minLevel: LogLevel;
  readonly maxLength: number;
  readonly console: boolean;
  readonly file: boolean;
  readonly mqtt: boolean;
}

export interface JournalParts {
  readonly sinks: Readonly<Record<SinkName, LogSink>>;
  /** The time for `create_datetime`, Unix milliseconds; `undefined` while none is trusted. */
  readonly epochMs: () => number | undefined;
  /** Values that no entry may show. */
  readonly secrets: () => readonly string[];
}

export interface Journal {
  /** Writes an entry to every sink that is on. Never throws and never waits. */
  log(level: LogLevel, text: string, options?: { fileOnly?: boolean }): void;
  configure(config: JournalConfig): void;
  readonly config: JournalConfig;
  flush(): Promise<void>;
}

const ranks = new Map(Object.values(LogLevel).map((level, rank) => [level, rank]));
const rankOf = (level: LogLevel): number => ranks.get(level) ?? 0;

const mask = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((masked, secret) => (secret.length < 8 ? masked : masked.replaceAll(secret, '***')), text);

export const createJournal = ({ sinks, epochMs, secrets }: JournalParts, initial: JournalConfig): Journal => {
  let config = initial;

  const entryOf = (level: LogLevel, text: string): LogEntry => {
    const now = epochMs();
    const entry = { level, text: mask(text, secrets()) };
    return now === undefined ? entry : { ...entry, create_datetime: new Date(now).toISOString() };
  };

  return {
    log: (level, text, { fileOnly = false } = {}) => {
      if (rankOf(level) < rankOf(config.minLevel)) return;
      const entry = entryOf(level, text);
      if (config.console) sinks.console.write(entry);
      if (config.file) sinks.file.write(entry);
      if (config.mqtt && !fileOnly) sinks.mqtt.write(entry);
    },
    configure: (given) => {
      config = given;
    },
    get config() {
      return config;
    },
    flush: async () => {
      await Promise.all(Object.values(sinks).map((sink) => sink.flush()));
    },
  };
};
