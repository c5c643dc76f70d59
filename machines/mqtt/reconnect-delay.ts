import { backoff, timerMs } from '../lib/delays.ts';
import { endedOverTopics } from './topic-quarantine.ts';
import type { MqttContext } from './context.ts';

type Failed = Pick<MqttContext, 'attempts'>;
type Failing = Pick<MqttContext, 'attempts' | 'wasOpen' | 'asked' | 'granted' | 'failure'>;

const maxMs = 60_000;

/** The longest wait before the next attempt, in milliseconds. */
export const maxRetryMs = ({ attempts }: Failed, ceilingMs = maxMs): number => backoff(attempts, 1000, ceilingMs);

/** The longest wait before asking a broker again that does not want this unit as it is, in milliseconds. */
export const maxSlowRetryMs = ({ attempts }: Failed): number => backoff(attempts, 60_000, 300_000);

/**
 * How long a link must last before the failures before it count no more: longer than the waits that led to it, and than
 * it takes to find out that the broker acknowledges nothing.
 */
export const stableMs = ({ attempts, timeoutMs }: Pick<MqttContext, 'attempts' | 'timeoutMs'>): number =>
  timerMs(Math.max(10_000, 2 * timeoutMs, backoff(attempts)));

/** Whether the attempt never came to a broker, so that no other unit was in its way. */
const hasMetNobody = ({ failure }: Failing): boolean => failure?.code === 'network' || failure?.code === 'tls';

/** How far waits grow: where a broker is gone that few units share, there is no need to be back late. */
const ceilingOf = (failing: Failing, windowMs: number): number =>
  hasMetNobody(failing) ? Math.min(maxMs, Math.max(10_000, windowMs)) : maxMs;

/** The longest wait of a unit that had no link yet. */
const maxFirstMs = (failing: Failing, windowMs: number): number => {
  const max = maxRetryMs(failing, Math.max(ceilingOf(failing, windowMs), 2 * windowMs));
  return hasMetNobody(failing) ? max : Math.max(max, windowMs);
};

/**
 * The delays between attempts, with jitter.
 *
 * Units that lose their broker together must not come back together, and no unit knows how many others there are. So the
 * first wait after a loss is anything up to `jitterWindowMs`; from then on each unit keeps the distance from the others that
 * chance gave it, and none comes twice within it. Whatever the outage, a fleet comes back within one `jitterWindowMs` at an even
 * rate, and one unit waits for half of it on average.
 *
 * Units that start together come together, since one on a bench shall not have to wait. A broker that is there and takes
 * only some of them tells the others that they are many: their next wait is anything up to `jitterWindowMs`. Where nobody is
 * there they wait less at first. A broker near by, with few units, that is gone is tried every ten seconds at least.
 *
 * @param random A number from 0 up to 1.
 * @param jitterWindowMs Read at each wait; 0 leaves exponential backoff with full jitter.
 */
export const jitteredDelays = (random: () => number, jitterWindowMs: () => number) => ({
  retryAfter: ({ context }: { context: Failing }): number => {
    const windowMs = jitterWindowMs();
    const max = maxRetryMs(context, ceilingOf(context, windowMs));
    if (endedOverTopics(context)) return random() * max;
    if (!context.wasOpen) return random() * maxFirstMs(context, windowMs);
    if (context.attempts <= 1) return random() * Math.max(max, windowMs);
    return Math.max(random() * max, (0.9 + random() / 5) * windowMs);
  },
  /** Jitter over the upper half, or over the window after it: slow means slow. */
  retrySlowlyAfter: ({ context }: { context: Failed }): number => {
    const half = maxSlowRetryMs(context) / 2;
    return half + random() * Math.max(half, jitterWindowMs());
  },
});
