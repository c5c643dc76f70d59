import type { ClockSource } from '../../services/clock.ts';
import { ClockError } from '../../services/errors.ts';
import { createFailures } from './failures.ts';
import { createGate } from './gate.ts';

/** A reference clock that a test sets. */
export interface MemoryClockSource extends ClockSource {
  /** Result of the next readings, milliseconds ahead of the monotonic clock. */
  offsetMs: number;
  /** Whether readings reach the reference clock; those that don't fail with `network`. */
  isReachable: boolean;
  /** Number of readings. */
  readonly reads: number;
  /** Fails the next reading with this error. */
  failNext(error: Error): void;
  /** Holds all readings until the returned function is called. */
  hold(): () => void;
}

const aborted = () => new ClockError('aborted', 'Asking the simulated time server was stopped.');

/**
 * Creates a reference clock that a test sets.
 *
 * @param offsetMs Initial offset, milliseconds.
 * @example
 * import { memoryClockSource } from 'pepeunit-client/testing';
 *
 * const source = memoryClockSource();
 * source.offsetMs = 1_000;
 * await source.readOffset(AbortSignal.timeout(100)); // 1_000
 */
export const memoryClockSource = (offsetMs = 0): MemoryClockSource => {
  const failing = createFailures<'read'>();
  let reads = 0;
  const held = createGate();
  const source: MemoryClockSource = {
    offsetMs,
    isReachable: true,
    get reads() {
      return reads;
    },
    failNext: (error) => failing.add('read', error),
    hold: held.shut,
    readOffset: async (signal) => {
      reads += 1;
      if (signal.aborted) throw aborted();
      await Promise.race([
        held.pass(),
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(aborted()), { once: true })),
      ]);
      if (!source.isReachable) throw new ClockError('network', 'The simulated time server is out of reach.');
      failing.check('read');
      return source.offsetMs;
    },
  };
  return source;
};
