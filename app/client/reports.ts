import { utf8Bytes } from '../../adapters/shared/mqtt/packet-size.ts';
import { delay } from '../../adapters/shared/clock.ts';
import type { Clock } from '../../services/clock.ts';
import { ClientError } from '../../services/errors.ts';
import type { SendLogs } from '../../services/log.ts';
import type { UnitSchema } from '../../services/schema.ts';
import type { StateReport } from '../../services/system.ts';
import type { DataPlane } from './data-plane.ts';

/** Bytes of one batch of stored entries: well under the platform's packet limit, and little to send twice. */
const batchBytes = 64 * 1024;
/** What an array adds to one entry. */
const bracketBytes = 2;
/** Milliseconds between two batches: 8 messages and 512 KiB a second at the most, a part of what the platform allows. */
const pauseMs = 125;

/** What a log sync works with. */
export interface LogSyncParts {
  readonly clock: Clock;
  /** The stored entries as JSON texts, oldest first. */
  readonly stored: () => Promise<string[]>;
  /** Resolves when the broker has acknowledged the payload. @throws {BrokerError} */
  readonly send: (payload: string) => Promise<void>;
  /** Bytes of the largest payload that can be sent now. */
  readonly maxBytes: () => number;
  /** Lets entries that are made from now on wait, until the result is called. */
  readonly holdNew: () => () => void;
  readonly warn: (message: string) => void;
}

/** The first lines, as one JSON array that stays within a size. */
interface Batch {
  readonly payload: string;
  readonly count: number;
}

/** As many lines as go together, at least one, with a byte for each comma or bracket. */
export const batchFrom = (lines: readonly string[], maxBytes: number): Batch => {
  let bytes = 1;
  let end = 0;
  do {
    bytes += utf8Bytes(lines[end] ?? '') + 1;
    end += 1;
  } while (end < lines.length && bytes + utf8Bytes(lines[end] ?? '') + 1 <= maxBytes);
  return { payload: `[${lines.slice(0, end).join(',')}]`, count: end };
};

/**
 * Sends every stored entry, oldest first, in paced batches that are acknowledged one by one; entries made meanwhile follow.
 *
 * Cut off, it goes on with the batch that was not acknowledged.
 */
export const createLogSync = ({ clock, stored, send, maxBytes, holdNew, warn }: LogSyncParts): SendLogs => {
  let rest: readonly string[] = [];
  let sent = 0;
  const leaveOutLong = (limit: number) => {
    const fitting = rest.filter((line) => utf8Bytes(line) + bracketBytes <= limit);
    const left = rest.length - fitting.length;
    if (left > 0) warn(`${left} stored log entries are longer than the ${limit} bytes that can be sent at once.`);
    rest = fitting;
  };
  return async ({ goesOn }, signal) => {
    const release = holdNew();
    try {
      if (!goesOn) {
        rest = await stored();
        sent = 0;
      }
      const limit = maxBytes();
      leaveOutLong(limit);
      while (rest.length > 0) {
        signal.throwIfAborted();
        const { payload, count } = batchFrom(rest, Math.min(batchBytes, limit));
        await send(payload);
        signal.throwIfAborted();
        sent += count;
        rest = rest.slice(count);
        if (rest.length > 0) await delay(clock, pauseMs, signal);
      }
      return sent;
    } finally {
      release();
    }
  };
};

/** What the unit sends to the instance by itself. */
export interface Reports {
  /** Sends a state report now or not at all. @throws {BrokerError | ClientError} */
  sendState(report: StateReport): Promise<void>;
  /** Sends stored log entries, oldest first. @throws {BrokerError | ClientError} */
  readonly sendStoredLogs: SendLogs;
}

export const createReports = (plane: DataPlane, schema: () => UnitSchema | undefined, clock: Clock): Reports => {
  const { publisher, logFile, mqttLog } = plane;
  const topicOf = (key: 'state/pepeunit' | 'log/pepeunit'): string => {
    const topic = schema()?.output_base_topic[key]?.[0];
    if (topic === undefined) throw new ClientError('invalid', `The schema has no ${key}. Update the schema.`);
    return topic;
  };
  return {
    sendState: async (report) => publisher.send(topicOf('state/pepeunit'), JSON.stringify(report)),
    sendStoredLogs: createLogSync({
      clock,
      stored: () => logFile.lines(),
      send: async (payload) => publisher.send(topicOf('log/pepeunit'), payload, { qos: 1 }),
      maxBytes: () => publisher.roomOn(topicOf('log/pepeunit')),
      holdNew: mqttLog.hold,
      warn: plane.warn,
    }),
  };
};
