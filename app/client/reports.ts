import { utf8Bytes } from '../../adapters/shared/mqtt/packet-size.ts';
import { ClientError } from '../../services/errors.ts';
import type { LogBatch, StoredLogs } from '../../services/log.ts';
import type { StateReport } from '../../services/system.ts';
import { sendableLine } from '../logging/sendable.ts';
import type { DataPlane } from './data-plane.ts';
import type { Documents } from './documents/documents.ts';

/** Size of one batch, bytes: well below the platform's packet limit, and little to send twice. */
const batchBytes = 64 * 1024;
/** Bytes that the array around one entry adds. */
const bracketBytes = 2;

/** The parts that a log sync uses. */
export interface LogSyncParts {
  /** Reads the stored entries that are to be sent, as JSON texts, oldest first. */
  stored(signal: AbortSignal): Promise<readonly string[]>;
  /** Sends a payload, and resolves once the broker has acknowledged it. @throws {BrokerError} */
  send(payload: string): Promise<void>;
  /** Reads the size of the largest payload that can be sent now, bytes. */
  maxBytes(): number;
}

/** A JSON array of lines. */
interface Batch extends LogBatch {
  readonly payload: string;
}

/** Sizes of a batch, bytes. */
interface BatchSizes {
  /** Size that only a single line exceeds. */
  readonly preferred: number;
  /** Size that none exceeds. */
  readonly largest: number;
}

/**
 * Builds a batch of as many lines as fit, at least one; counts a byte for each comma and bracket. Lines that are too long
 * even alone are passed over.
 *
 * @param from Index of the first line.
 */
export const batchFrom = (lines: readonly string[], from: number, { preferred, largest }: BatchSizes): Batch => {
  const fitting: string[] = [];
  let bytes = 1;
  let next = from;
  for (const line of lines.slice(from)) {
    const lineBytes = utf8Bytes(line);
    if (lineBytes + bracketBytes <= largest) {
      bytes += lineBytes + 1;
      if (fitting.length > 0 && bytes > preferred) break;
      fitting.push(line);
    }
    next += 1;
  }
  return { payload: `[${fitting.join(',')}]`, sent: fitting.length, passed: next - from };
};

/** Sends stored entries in batches; the logger machine says when, and from where on. */
export class LogSync implements StoredLogs {
  readonly #parts: LogSyncParts;
  #lines: readonly string[] = [];

  constructor(parts: LogSyncParts) {
    this.#parts = parts;
  }

  async readStored(signal: AbortSignal): Promise<number> {
    this.#lines = await this.#parts.stored(signal);
    return this.#lines.length;
  }

  async sendBatch(from: number, signal: AbortSignal): Promise<LogBatch> {
    const largest = this.#parts.maxBytes();
    const sizes = { preferred: Math.min(batchBytes, largest), largest };
    const { payload, sent, passed } = batchFrom(this.#lines, from, sizes);
    if (sent > 0) await this.#parts.send(payload);
    if (from + passed === this.#lines.length && !signal.aborted) this.#lines = [];
    return { sent, passed };
  }
}

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
export class Reports implements LogSyncParts {
  readonly storedLogs: StoredLogs = new LogSync(this);
  readonly #plane: DataPlane;
  readonly #documents: Pick<Documents, 'schemaNow'>;

  constructor(plane: DataPlane, documents: Pick<Documents, 'schemaNow'>) {
    this.#plane = plane;
    this.#documents = documents;
  }

  /** Sends a state report now; never queues it. @throws {BrokerError | ClientError} */
  async sendState(report: StateReport): Promise<void> {
    const { publisher } = this.#plane;
    const topic = this.#topicOf('state/pepeunit');
    return publisher.send(topic, JSON.stringify(report), { qos: publisher.qosOf(topic) });
  }

  async stored(signal: AbortSignal): Promise<readonly string[]> {
    const lines = await this.#plane.logFile.lines();
    signal.throwIfAborted();
    return without(lines, this.#plane.mqttLog.ownLines()).map(sendableLine);
  }

  async send(payload: string): Promise<void> {
    return this.#plane.publisher.send(this.#topicOf('log/pepeunit'), payload, { qos: 1 });
  }

  maxBytes(): number {
    return this.#plane.publisher.roomOn(this.#topicOf('log/pepeunit'));
  }

  #topicOf(key: 'state/pepeunit' | 'log/pepeunit'): string {
    const topic = this.#documents.schemaNow()?.output_base_topic[key]?.[0];
    if (topic === undefined) throw new ClientError('invalid', `The schema has no ${key}. Update the schema.`);
    return topic;
  }
}
