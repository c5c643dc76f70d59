import { backoff } from './backoff.ts';
import { endedOverTopics } from './doubts.ts';
import type { MqttContext } from './mqtt-context.ts';

type Failing = Pick<MqttContext, 'attempts' | 'wasOpen' | 'asked' | 'granted'>;
type Failed = Pick<Failing, 'attempts'>;

const longestMs = 60_000;

/** The longest wait before the next attempt, in milliseconds. */
export const longestRetryMs = ({ attempts }: Failed, ceilingMs = longestMs): number =>
  backoff(attempts, 1000, ceilingMs);

/** The longest wait before asking a broker again that does not want this unit as it is, in milliseconds. */
export const longestSlowRetryMs = ({ attempts }: Failed): number => backoff(attempts, 60_000, 300_000);

/** How long a link must last before the failures before it count no more: longer than the waits that led to it. */
export const stableMs = ({ attempts }: Failed): number => Math.max(10_000, backoff(attempts));

/**
 * The waits between attempts, drawn at random.
 *
 * Units that lose their broker together must not come back together, and no unit knows how many others there are. So the
 * first wait after a loss is anything up to `spreadMs`; from then on each unit keeps the distance from the others that
 * chance gave it, and none comes twice within it. Whatever the outage, a fleet comes back within one `spreadMs` at an even
 * rate, and one unit waits for half of it on average.
 *
 * @param random A number from 0 up to 1.
 * @param spreadMs Read at each wait; 0 leaves exponential backoff with full jitter.
 */
export const drawnWaits = (random: () => number, spreadMs: () => number) => ({
  retryAfter: ({ context }: { context: Failing }): number => {
    const spread = spreadMs();
    if (!context.wasOpen || endedOverTopics(context))
      return random() * longestRetryMs(context, Math.max(longestMs, 2 * spread));
    const longest = longestRetryMs(context);
    if (context.attempts <= 1) return random() * Math.max(longest, spread);
    return Math.max(random() * longest, (0.9 + random() / 5) * spread);
  },
  /** Jitter over the upper half: slow means slow. */
  retrySlowlyAfter: ({ context }: { context: Failed }): number => (0.5 + random() / 2) * longestSlowRetryMs(context),
});
