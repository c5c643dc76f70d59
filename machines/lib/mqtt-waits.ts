import { backoff } from './backoff.ts';
import type { MqttContext } from './mqtt-context.ts';

type Failing = Pick<MqttContext, 'attempts' | 'wasOpen'>;

/**
 * The longest wait before the next attempt, in milliseconds.
 *
 * Units that lose their broker together must not come back together, and no unit knows how many others there are: after
 * the loss of a link, the waits are spread over `spreadMs` at once. A unit that never had a link starts with a second.
 */
export const longestRetryMs = ({ attempts, wasOpen }: Failing, spreadMs = 0): number =>
  backoff(attempts, wasOpen ? Math.max(1000, spreadMs) : 1000, Math.max(60_000, 2 * spreadMs));

/** The longest wait before asking a broker again that does not want this unit as it is, in milliseconds. */
export const longestSlowRetryMs = ({ attempts }: Pick<Failing, 'attempts'>): number =>
  backoff(attempts, 60_000, 300_000);

/** How long a link must last before the failures before it count no more: longer than the waits that led to it. */
export const stableMs = ({ attempts }: Pick<Failing, 'attempts'>): number => Math.max(30_000, backoff(attempts));

/**
 * The waits between attempts, drawn at random below their longest.
 *
 * @param random A number from 0 up to 1.
 * @param spreadMs Read at each wait: over how long units that lose a broker together spread their return.
 */
export const drawnWaits = (random: () => number, spreadMs: () => number) => ({
  /** Full jitter. */
  retryAfter: ({ context }: { context: Failing }): number => random() * longestRetryMs(context, spreadMs()),
  /** Jitter over the upper half: slow means slow. */
  retrySlowlyAfter: ({ context }: { context: Failing }): number => (0.5 + random() / 2) * longestSlowRetryMs(context),
});
