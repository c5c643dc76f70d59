import { utf8Bytes } from '../../adapters/shared/mqtt/packet-size.ts';
import { delay } from '../../adapters/shared/clock.ts';
import type { Clock } from '../../services/clock.ts';
import { ClientError } from '../../services/errors.ts';
import type { SendLogs } from '../../services/log.ts';
import type { UnitSchema } from '../../services/schema.ts';
import type { StateReport } from '../../services/system.ts';
import { sendableLine } from '../logging/sendable.ts';
import type { DataPlane } from './data-plane.ts';

/** Size of one batch, bytes: well below the platform's packet limit, and little to send twice. */
const batchBytes = 64 * 1024;
/** Bytes that the array around one entry adds. */
const bracketBytes = 2;
/** Time between two batches, milliseconds: at most 8 messages and 512 KiB a second, well within the platform's limit. */
const batchIntervalMs = 125;

/** The parts that a log sync uses. */
export interface LogSyncParts {
  readonly clock: Clock;
  /** Reads the stored entries that are to be sent, as JSON texts, oldest first. */
  readonly stored: () => Promise<readonly string[]>;
  /** Sends a payload, and resolves once the broker has acknowledged it. @throws {BrokerError} */
  readonly send: (payload: string) => Promise<void>;
  /** Reads the size of the largest payload that can be sent now, bytes. */
  readonly maxBytes: () => number;
  /** Holds new entries back. @returns A function that releases them. */
  readonly holdNew: () => () => void;
  readonly warn: (message: string) => void;
}

/** A JSON array of the first lines. */
interface Batch {
  readonly payload: string;
  readonly count: number;
}

/** Builds a batch of as many lines as fit, at least one; counts a byte for each comma and bracket. */
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
 * Sends every stored entry, oldest first, in paced batches that the broker acknowledges one by one. Entries logged
 * meanwhile follow.
 *
 * After an interruption it continues with the batch that was not acknowledged.
 */
export const createLogSync = ({ clock, stored, send, maxBytes, holdNew, warn }: LogSyncParts): SendLogs => {
  let rest: readonly string[] = [];
  let sent = 0;
  const dropTooLong = (limit: number) => {
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
      dropTooLong(limit);
      while (rest.length > 0) {
        signal.throwIfAborted();
        const { payload, count } = batchFrom(rest, Math.min(batchBytes, limit));
        await send(payload);
        signal.throwIfAborted();
        sent += count;
        rest = rest.slice(count);
        if (rest.length > 0) await delay(clock, batchIntervalMs, signal);
      }
      return sent;
    } finally {
      release();
    }
  };
};

/** The lines without those of the other list, each as many times as it is there. */
const without = (lines: readonly string[], others: readonly string[]): string[] => {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = counts.get(line) ?? 0;
    if (count > 0) counts.set(line, count - 1);
    return count === 0;
  });
};

/** The unit's own reports to the instance. */
export interface Reports {
  /** Sends a state report now; never queues it. @throws {BrokerError | ClientError} */
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
    sendState: async (report) => {
      const topic = topicOf('state/pepeunit');
      return publisher.send(topic, JSON.stringify(report), { qos: publisher.qosOf(topic) });
    },
    sendStoredLogs: createLogSync({
      clock,
      stored: async () => without(await logFile.lines(), mqttLog.ownLines()).map(sendableLine),
      send: async (payload) => publisher.send(topicOf('log/pepeunit'), payload, { qos: 1 }),
      maxBytes: () => publisher.roomOn(topicOf('log/pepeunit')),
      holdNew: mqttLog.hold,
      warn: plane.warn,
    }),
  };
};
