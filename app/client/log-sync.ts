import type { Clock } from '../../services/clock.ts';
import type { SendLogs } from '../../services/log.ts';

/** Bytes of one batch of stored entries: well under the platform's packet limit, and little to send twice. */
const batchBytes = 64 * 1024;
/** Bytes of an entry that would not fit into a packet; no entry of a unit is that long. */
const mostEntryBytes = 200 * 1024;
/** Milliseconds between two batches: 8 messages and 512 KiB a second at the most, a part of what the platform allows. */
const pauseMs = 125;

export interface LogSyncParts {
  readonly clock: Clock;
  /** The stored entries as JSON texts, oldest first. */
  readonly stored: () => Promise<string[]>;
  /** Resolves when the broker has acknowledged the payload. @throws {BrokerError} */
  readonly send: (payload: string) => Promise<void>;
  /** Lets entries that are made from now on wait, until the result is called. */
  readonly holdNew: () => () => void;
}

/** Lines from some place on, as one JSON array that stays within a size. */
interface Batch {
  readonly payload: string;
  readonly count: number;
}

const encoder = new TextEncoder();
const bytesOf = (line: string): number => encoder.encode(line).length;

/** As many lines as go together, at least one, with a byte for each comma or bracket. */
export const batchFrom = (lines: readonly string[], from: number, most = batchBytes): Batch => {
  let bytes = 1;
  let end = from;
  do {
    bytes += bytesOf(lines[end] ?? '') + 1;
    end += 1;
  } while (end < lines.length && bytes + bytesOf(lines[end] ?? '') + 1 <= most);
  return { payload: `[${lines.slice(from, end).join(',')}]`, count: end - from };
};

const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clock.clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = clock.setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });

/**
 * Sends every stored entry, oldest first, in paced batches that are acknowledged one by one; entries made meanwhile follow.
 *
 * Cut off, it goes on with the batch that was not acknowledged.
 */
export const createLogSync = ({ clock, stored, send, holdNew }: LogSyncParts): SendLogs => {
  let lines: readonly string[] = [];
  let sent = 0;
  return async ({ goesOn }, signal) => {
    const release = holdNew();
    try {
      if (!goesOn) {
        lines = (await stored()).filter((line) => bytesOf(line) <= mostEntryBytes);
        sent = 0;
      }
      while (sent < lines.length) {
        signal.throwIfAborted();
        const { payload, count } = batchFrom(lines, sent);
        await send(payload);
        signal.throwIfAborted();
        sent += count;
        if (sent < lines.length) await pause(clock, pauseMs, signal);
      }
      lines = [];
      return sent;
    } finally {
      release();
    }
  };
};
