import type { LogSink } from '../../services/log.ts';
import { consoleLine, consoleLogSink, hostConsole, isSevere } from '../shared/log/console-log-sink.ts';

/** Characters that may wait for a reader; the rest is left out. */
const maxWaiting = 256 * 1024;

/** Errors of a reader that does not come back: a closed pipe, a terminal that is gone. */
const final = new Set(['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/** A standard stream that neither ends the program nor fills the memory when nobody reads it. */
export interface StandardStream {
  /** Passes a line to the print function, unless the reader is gone or too much waits for it. */
  print(line: string, print: (line: string) => void): void;
}

const createStandardStream = (stream: NodeJS.WriteStream): StandardStream => {
  let isGone = false;
  let leftOut = 0;
  // Without a listener the error would end the program.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (final.has(error.code ?? '')) isGone = true;
  });
  const leaveOut = (print: (line: string) => void) => {
    leftOut += 1;
    if (leftOut > 1) return;
    stream.once('drain', () => {
      const text = `${leftOut} lines were left out here: nobody read them.`;
      leftOut = 0;
      print(consoleLine({ level: 'Warning', text }));
    });
  };
  return {
    print: (line, print) => {
      if (isGone) return;
      if (stream.writableLength > maxWaiting) leaveOut(print);
      else print(line);
    },
  };
};

const streams = new Map<'stdout' | 'stderr', StandardStream>();

/** The standard stream of this process, guarded from the first call on: a dead reader raises no error any more. */
export const standardStream = (name: 'stdout' | 'stderr'): StandardStream => {
  const known = streams.get(name) ?? createStandardStream(process[name]);
  streams.set(name, known);
  return known;
};

/** Prints entries on the console, as long as somebody reads it. */
export const nodeConsoleLogSink = (): LogSink => {
  const { info, error } = hostConsole();
  return consoleLogSink({
    print: (line, entry) => {
      const [stdout, stderr] = [standardStream('stdout'), standardStream('stderr')];
      if (isSevere(entry)) stderr.print(line, error);
      else stdout.print(line, info);
    },
  });
};
