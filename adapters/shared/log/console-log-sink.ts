import type { LogEntry, LogSink } from '../../../services/log.ts';
import { oneLine } from './log-lines.ts';

/** Options of the console sink. */
export interface ConsoleLogSinkOptions {
  /** Prints one line. @defaultValue the host's console, warnings and worse as errors */
  readonly print?: (line: string, entry: LogEntry) => void;
}

const severe = new Set(['Warning', 'Error', 'Critical']);

const printOnConsole = (line: string, { level }: LogEntry): void => {
  // oxlint-disable-next-line no-console -- this sink is the one way to the console
  (severe.has(level) ? console.error : console.info)(line);
};

/** An entry as one readable line: time, level, text. */
export const consoleLine = ({ level, text, create_datetime }: LogEntry): string =>
  oneLine(`${create_datetime ?? '-'} ${level.padEnd(8)} ${text}`);

/** Prints each entry on the console as one line. */
export const consoleLogSink = ({ print = printOnConsole }: ConsoleLogSinkOptions = {}): LogSink => ({
  write: (entry) => {
    try {
      print(consoleLine(entry), entry);
    } catch {
      // The console is gone, and there is nowhere else to report it.
    }
  },
  flush: async () => undefined,
});
