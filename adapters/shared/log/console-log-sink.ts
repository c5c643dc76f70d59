import type { LogEntry, LogSink } from '../../../services/log.ts';
import { oneLine } from './log-lines.ts';

/** Options of the console sink. */
export interface ConsoleLogSinkOptions {
  /** Prints one line. @defaultValue {@link hostConsole}, warnings and worse as errors */
  readonly print?: (line: string, entry: LogEntry) => void;
}

const severe = new Set(['Warning', 'Error', 'Critical']);

/** Whether an entry goes to the console's errors. */
export const isSevere = ({ level }: LogEntry): boolean => severe.has(level);

/** The console's functions as they are now: an app may send its console to the log later. */
export const hostConsole = (): { info(line: string): void; error(line: string): void } => {
  // oxlint-disable-next-line no-console -- the console sinks are the one way to the console
  const { info, error } = console;
  return { info, error };
};

const consolePrinter = () => {
  const { info, error } = hostConsole();
  return (line: string, entry: LogEntry): void => (isSevere(entry) ? error : info)(line);
};

/** An entry as one readable line: time, level, text. */
export const consoleLine = ({ level, text, create_datetime }: LogEntry): string =>
  oneLine(`${create_datetime ?? '-'} ${level.padEnd(8)} ${text}`);

/** Printed lines that are recognised. */
const maxRecent = 64;
/** What every printed line has. */
const levelColumn = /(Debug|Info|Warning|Error|Critical) +/;

class ConsoleLogSink implements LogSink {
  readonly #print: (line: string, entry: LogEntry) => void;
  readonly #recent: string[] = [];
  #isPrinting = false;

  constructor({ print = consolePrinter() }: ConsoleLogSinkOptions) {
    this.#print = print;
  }

  write(entry: LogEntry): void {
    const line = consoleLine(entry);
    this.#recent.push(line);
    if (this.#recent.length > maxRecent) this.#recent.shift();
    this.#isPrinting = true;
    try {
      this.#print(line, entry);
    } catch {
      // The console is gone, and there is nowhere else to report it.
    } finally {
      this.#isPrinting = false;
    }
  }

  isEcho(text: string): boolean {
    return this.#isPrinting || (levelColumn.test(text) && this.#recent.some((line) => text.includes(line)));
  }

  async flush(): Promise<void> {
    // A line is printed at once.
  }
}

/**
 * Prints each entry on the console as one line. An app may send its console to the log: the sink keeps the console
 * functions that it found when it was made, and recognises what it has printed itself.
 */
export const consoleLogSink = (options: ConsoleLogSinkOptions = {}): LogSink => new ConsoleLogSink(options);
