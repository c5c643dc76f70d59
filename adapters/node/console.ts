import type { LogSink } from '../../services/log.ts';
import { consoleLine, consoleLogSink, hostConsole, isSevere } from '../shared/log/console-log-sink.ts';

/** Bytes that may wait for the reader of each stream; the rest is left out. */
const maxWaitingBytes = 512 * 1024;
/** What a stream counts as waiting: UTF-16 units, of three bytes as UTF-8 at most. */
const maxWaiting = Math.floor(maxWaitingBytes / 3);

/** Errors of a reader that does not come back: a closed pipe, a terminal that is gone. */
const final = new Set(['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/** What Node has beneath a stream that is a pipe or a socket. */
interface PipeStream {
  readonly isTTY?: boolean;
  readonly _handle?: { setBlocking?(isBlocking: boolean): void } | null;
}

/**
 * Keeps a stream from blocking this program. It shares that property with every process that inherited it, and Node takes it
 * away when a child process is started or ends: then a write to a reader that has stopped would last for ever. A terminal
 * blocks on purpose, and on Windows nothing is shared.
 */
const unblock = ({ isTTY, _handle }: PipeStream): void => {
  if (isTTY !== true && process.platform !== 'win32') _handle?.setBlocking?.(false);
};

/** A standard stream that neither ends the program nor fills the memory when nobody reads it. */
export interface StandardStream {
  /** Passes a line to the print function, unless the reader is gone or too much waits for it. */
  print(line: string, print: (line: string) => void): void;
}

/** The beginning of a line that is too long for any reader. */
const cut = (line: string): string => `${line.slice(0, maxWaiting)}… (${line.length - maxWaiting} more characters)`;

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
      unblock(stream);
      if (stream.writableLength > 0 && stream.writableLength + line.length > maxWaiting) leaveOut(print);
      else print(line.length > maxWaiting ? cut(line) : line);
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
