import { failureOf } from '../../services/errors.ts';
import { LogLevel, type LogEntry, type LogSink } from '../../services/log.ts';
import type { LogConfig, LogSinkName } from '../../machines/logger.ts';
import type { Clock } from '../../services/clock.ts';
import { logEntry, rankOf } from './entry.ts';
import { createRepeats, type Remark } from './repeats.ts';

/** Names of the sinks. */
export type SinkName = LogSinkName;

export interface LogDispatcherParts {
  readonly clock: Clock;
  readonly sinks: Readonly<Partial<Record<SinkName, LogSink>>>;
  /** Reads the time for `create_datetime`, Unix milliseconds; `undefined` while no time is trusted. */
  readonly epochMs: () => number | undefined;
  /** Gets each entry, whichever sinks are on; never throws. @defaultValue none */
  readonly watch?: ((entry: LogEntry) => void) | undefined;
}

/** What sinks an entry goes to. */
interface EntryOptions {
  /** Whether it is kept from MQTT. */
  readonly fileOnly?: boolean | undefined;
}

export interface LogDispatcher {
  /** Adds a sink. */
  addSink(name: SinkName, sink: LogSink): void;
  /** Writes an entry to every sink that is on. Never throws, never blocks. */
  log(level: LogLevel, text: string, options?: EntryOptions): void;
  /** Writes what the unit has to say of itself: as {@link LogDispatcher.log}, but what repeats is counted. */
  say(level: LogLevel, text: string, options?: EntryOptions): void;
  /** Reports a failing sink to all the others. */
  reportFailure(sink: SinkName, thrown: unknown): void;
  configure(config: LogConfig): void;
  readonly config: LogConfig;
  /** Resolves once every sink has flushed, or failed to. */
  flush(): Promise<void>;
  /** Writes what was counted so far. */
  tellCounted(): void;
  /** Writes what was counted, and counts no more. */
  stopCounting(): void;
  /** Counts again after a stop. */
  startCounting(): void;
}

const passedOverBy = (options: EntryOptions | undefined): SinkName | undefined =>
  options?.fileOnly === true ? 'mqtt' : undefined;

/** What the unit says of itself, or of a sink, to all the others. */
interface UnitRemark extends Remark {
  readonly level: LogLevel;
  /** The sink that does not get it. */
  readonly passedOver?: SinkName | undefined;
}

/** All sinks, in the order of writing. */
export const sinkNames = ['console', 'file', 'mqtt'] as const satisfies readonly SinkName[];

/** The sinks, those that are on, and what becomes of one that fails. */
const createSinks = (
  first: LogDispatcherParts['sinks'],
  isOn: (sink: SinkName) => boolean,
  onFailure: (sink: SinkName, thrown: unknown) => void,
) => {
  const sinks: Partial<Record<SinkName, LogSink>> = { ...first };
  /** Sinks that threw on their last entry; each is reported once. */
  const broken = new Set<SinkName>();
  const write = (sink: SinkName, entry: LogEntry) => {
    if (!isOn(sink)) return;
    try {
      sinks[sink]?.write(entry);
      broken.delete(sink);
    } catch (thrown) {
      if (broken.has(sink)) return;
      broken.add(sink);
      onFailure(sink, thrown);
    }
  };
  const flush = async (sink: SinkName) => {
    try {
      await sinks[sink]?.flush();
    } catch (thrown) {
      onFailure(sink, thrown);
    }
  };
  return {
    add: (name: SinkName, sink: LogSink) => void (sinks[name] = sink),
    isEcho: (text: string): boolean => sinkNames.some((sink) => isOn(sink) && sinks[sink]?.isEcho?.(text)),
    write: (entry: LogEntry, passedOver?: SinkName) => {
      for (const sink of sinkNames) if (sink !== passedOver) write(sink, entry);
    },
    flush: async () => {
      await Promise.all(sinkNames.map(flush));
    },
  };
};

/** Lets a watch see each entry. @returns The sinks themselves where there is none. */
const watchSinks = (
  sinks: ReturnType<typeof createSinks>,
  watch: LogDispatcherParts['watch'],
): ReturnType<typeof createSinks> => {
  if (!watch) return sinks;
  return {
    ...sinks,
    write: (entry, passedOver) => {
      watch(entry);
      sinks.write(entry, passedOver);
    },
  };
};

export const createLogDispatcher = (
  { clock, sinks: first, epochMs, watch }: LogDispatcherParts,
  initial: LogConfig,
): LogDispatcher => {
  let minRank = rankOf(initial.minLevel);

  const reportFailure = (failing: SinkName, thrown: unknown) => {
    const text = `Entries do not reach the ${failing} log: ${failureOf(thrown).message}`;
    say({ level: LogLevel.Warning, text, passedOver: failing });
  };
  const sinks = watchSinks(
    createSinks(first, (sink) => dispatcher.config[sink], reportFailure),
    watch,
  );

  const isSilent = (level: LogLevel): boolean => rankOf(level) < minRank;
  const log = (level: LogLevel, text: string, passedOver?: SinkName) => {
    if (!isSilent(level) && !sinks.isEcho(text)) sinks.write(logEntry(level, text, epochMs()), passedOver);
  };
  const repeats = createRepeats<UnitRemark>(clock, ({ level, text, passedOver }) => log(level, text, passedOver));
  const say = (remark: UnitRemark) => {
    if (!isSilent(remark.level)) repeats.say(remark);
  };

  const dispatcher: { -readonly [K in keyof LogDispatcher]: LogDispatcher[K] } = {
    config: initial,
    addSink: sinks.add,
    log: (level, text, options) => log(level, text, passedOverBy(options)),
    say: (level, text, options) => say({ level, text, passedOver: passedOverBy(options) }),
    reportFailure,
    tellCounted: repeats.tellCounted,
    stopCounting: repeats.stop,
    startCounting: repeats.start,
    configure: (given) => {
      dispatcher.config = given;
      minRank = rankOf(given.minLevel);
    },
    flush: sinks.flush,
  };
  return dispatcher;
};
