import { failureOf } from '../../services/errors.ts';
import { LogLevel, type LogEntry, type LogSink } from '../../services/log.ts';
import type { LogConfig, LogSinkName } from '../../machines/logger.ts';
import type { Clock } from '../../services/clock.ts';
import { logEntry, rankOf } from './entry.ts';
import { Repeats, type Remark } from './repeats.ts';

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

/** Gives each entry to the sinks that are on. */
export class LogDispatcher {
  readonly #parts: LogDispatcherParts;
  readonly #sinks: Record<SinkName, LogSink | undefined>;
  readonly #repeats: Repeats<UnitRemark>;
  /** Sinks that threw on their last entry; each is reported once. */
  #broken: Set<SinkName> | undefined;
  #config: LogConfig;
  #minRank: number;

  constructor(parts: LogDispatcherParts, config: LogConfig) {
    const { clock, sinks } = parts;
    this.#parts = parts;
    this.#sinks = { console: sinks.console, file: sinks.file, mqtt: sinks.mqtt };
    this.#repeats = new Repeats(clock, ({ level, text, passedOver }) => this.#log(level, text, passedOver));
    this.#config = config;
    this.#minRank = rankOf(config.minLevel);
  }

  get config(): LogConfig {
    return this.#config;
  }

  configure(config: LogConfig): void {
    this.#config = config;
    this.#minRank = rankOf(config.minLevel);
  }

  /** Adds a sink. */
  addSink(name: SinkName, sink: LogSink): void {
    this.#sinks[name] = sink;
  }

  /** Writes an entry to every sink that is on. Never throws, never blocks. */
  log(level: LogLevel, text: string, options?: EntryOptions): void {
    this.#log(level, text, passedOverBy(options));
  }

  /** Writes what the unit has to say of itself: as {@link LogDispatcher.log}, but what repeats is counted. */
  say(level: LogLevel, text: string, options?: EntryOptions): void {
    this.#say({ level, text, passedOver: passedOverBy(options) });
  }

  /** Reports a failing sink to all the others. */
  reportFailure(sink: SinkName, thrown: unknown): void {
    const text = `Entries do not reach the ${sink} log: ${failureOf(thrown).message}`;
    this.#say({ level: LogLevel.Warning, text, passedOver: sink });
  }

  /** Resolves once every sink has flushed, or failed to. */
  async flush(): Promise<void> {
    await Promise.all(sinkNames.map((sink) => this.#flush(sink)));
  }

  /** Writes what was counted so far. */
  tellCounted(): void {
    this.#repeats.tellCounted();
  }

  /** Writes what was counted, and counts no more. */
  stopCounting(): void {
    this.#repeats.stop();
  }

  /** Counts again after a stop. */
  startCounting(): void {
    this.#repeats.start();
  }

  #isSilent(level: LogLevel): boolean {
    return rankOf(level) < this.#minRank;
  }

  #say(remark: UnitRemark): void {
    if (!this.#isSilent(remark.level)) this.#repeats.say(remark);
  }

  #log(level: LogLevel, text: string, passedOver: SinkName | undefined): void {
    if (this.#isSilent(level) || this.#isEcho(text)) return;
    const entry = logEntry(level, text, this.#parts.epochMs());
    this.#parts.watch?.(entry);
    for (const sink of sinkNames) if (sink !== passedOver && this.#config[sink]) this.#write(sink, entry);
  }

  #isEcho(text: string): boolean {
    return sinkNames.some((sink) => this.#config[sink] && this.#sinks[sink]?.isEcho?.(text));
  }

  #write(sink: SinkName, entry: LogEntry): void {
    try {
      this.#sinks[sink]?.write(entry);
      this.#broken?.delete(sink);
    } catch (thrown) {
      this.#broken ??= new Set();
      if (this.#broken.has(sink)) return;
      this.#broken.add(sink);
      this.reportFailure(sink, thrown);
    }
  }

  async #flush(sink: SinkName): Promise<void> {
    try {
      await this.#sinks[sink]?.flush();
    } catch (thrown) {
      this.reportFailure(sink, thrown);
    }
  }
}
