import type { LogEntry, LogSink } from '../../services/log.ts';
import { createGate } from './gate.ts';

/** A log sink that keeps its entries for a test to read. */
export interface MemoryLogSink extends LogSink {
  /** Every entry, oldest first. */
  readonly entries: readonly LogEntry[];
  /** Number of flushes. */
  readonly flushes: number;
  /** Forgets all entries. */
  clear(): void;
  /** Blocks flushes until the returned function is called. */
  hold(): () => void;
}

/**
 * Creates an empty memory sink.
 *
 * @example
 * import { memoryLogSink } from 'pepeunit-client/testing';
 *
 * const sink = memoryLogSink();
 * sink.write({ level: 'Info', text: 'the fan runs' });
 * const texts = sink.entries.map(({ text }) => text);
 */
export const memoryLogSink = (): MemoryLogSink => {
  const entries: LogEntry[] = [];
  let flushes = 0;
  const held = createGate();
  return {
    entries,
    get flushes() {
      return flushes;
    },
    write: (entry) => void entries.push(entry),
    flush: async () => {
      flushes += 1;
      await held.pass();
    },
    clear: () => void entries.splice(0),
    hold: held.shut,
  };
};
