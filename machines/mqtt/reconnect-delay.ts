import type { OfUnit } from '../../services/finder.ts';
import { backoff, timerMs } from '../lib/delays.ts';
import { endedOverTopics } from './topic-quarantine.ts';
import type { MqttContext } from './context.ts';

type Failed = OfUnit & Pick<MqttContext, 'attempts'>;
type Failing = OfUnit & Pick<MqttContext, 'attempts' | 'wasOpen' | 'asked' | 'granted' | 'failure'>;

const maxMs = 60_000;

/** Maximum delay before the next attempt, milliseconds. */
export const maxRetryMs = ({ attempts }: Failed, ceilingMs = maxMs): number => backoff(attempts, 1000, ceilingMs);

/** Maximum delay before the next attempt at a broker or an instance that refuses this unit, milliseconds. */
export const maxRefusedRetryMs = ({ attempts }: Failed): number => backoff(attempts, 5000, maxMs);

/** Maximum delay before the next attempt while another program has the session, milliseconds. */
export const maxSlowRetryMs = ({ attempts }: Failed): number => backoff(attempts, 60_000, 300_000);

/**
 * Lifetime after which a link clears earlier failures: longer than the delays that led to it, and long enough to notice
 * that the broker acknowledges nothing.
 */
export const stableMs = ({ attempts, timeoutMs }: Pick<MqttContext, 'attempts' | 'timeoutMs'>): number =>
  timerMs(Math.max(10_000, 2 * timeoutMs, backoff(attempts)));

/** Whether the attempt never reached a broker, so no other unit competed with it. */
const hasMetNobody = ({ failure }: Failing): boolean => failure?.code === 'network' || failure?.code === 'tls';

/**
 * Upper limit of the delays; lower if the broker is unreachable and the jitter window short, as few units share it
 * then.
 */
const ceilingOf = (failing: Failing, windowMs: number): number =>
  hasMetNobody(failing) ? Math.min(maxMs, Math.max(10_000, windowMs)) : maxMs;

/** Maximum delay of a unit that had no link yet. */
const maxFirstMs = (failing: Failing, windowMs: number): number => {
  const max = maxRetryMs(failing, Math.max(ceilingOf(failing, windowMs), 2 * windowMs));
  return hasMetNobody(failing) ? max : Math.max(max, windowMs);
};

/**
 * The longest delays between attempts, without jitter: for a test with one machine. Of a fleet, all would return together.
 *
 * @example
 * import { longestDelays, mqttMachine } from 'pepeunit-client/machines';
 *
 * const predictable = mqttMachine.provide({ delays: longestDelays });
 */
export const longestDelays = {
  retryAfter: ({ context }: { context: Failed }): number => maxRetryMs(context),
  retryRefusedAfter: ({ context }: { context: Failed }): number => maxRefusedRetryMs(context),
  retrySlowlyAfter: ({ context }: { context: Failed }): number => maxSlowRetryMs(context),
};

/**
 * Delays between attempts, with jitter; the mqtt machine has them with `Math.random` and no window by default.
 *
 * Units that lose their broker together must not return together, and no unit knows the size of the fleet. So the first
 * delay after a loss is random up to `jitterWindowMs`; from then on each unit keeps its random distance from the others
 * and tries at most once per window. After any outage a fleet returns within one `jitterWindowMs` at an even rate, and
 * a unit waits for half of it on average.
 *
 * The first attempt after a start has no delay, for the sake of a single unit on a bench. If a broker accepts only some
 * of many units that start together, the others' next delay is random up to `jitterWindowMs`. If the broker is
 * unreachable, the first delays are shorter; with a short window it is retried at least every ten seconds.
 *
 * @param random Returns a number from 0 up to 1.
 * @param jitterWindowMs Milliseconds, read at each delay; 0 means exponential backoff with full jitter.
 * @example
 * import { jitteredDelays, mqttMachine } from 'pepeunit-client/machines';
 *
 * const spread = mqttMachine.provide({ delays: jitteredDelays(Math.random, () => 60_000) });
 */
export const jitteredDelays = (random: (context: OfUnit) => number, jitterWindowMs: (context: OfUnit) => number) => ({
  retryAfter: ({ context }: { context: Failing }): number => {
    const windowMs = jitterWindowMs(context);
    const max = maxRetryMs(context, ceilingOf(context, windowMs));
    if (endedOverTopics(context)) return random(context) * max;
    if (!context.wasOpen) return random(context) * maxFirstMs(context, windowMs);
    if (context.attempts <= 1) return random(context) * Math.max(max, windowMs);
    return Math.max(random(context) * max, (0.9 + random(context) / 5) * windowMs);
  },
  /**
   * Full jitter, over the window at once where the broker has too many connections. Once the delays have reached their
   * maximum the unit keeps to one attempt per window, as an instance that does not answer is away from all of its units.
   */
  retryRefusedAfter: ({ context }: { context: Failed & Partial<Pick<Failing, 'failure'>> }): number => {
    const max = maxRefusedRetryMs(context);
    if (context.failure?.code === 'quota') return random(context) * Math.max(max, jitterWindowMs(context));
    const drawn = random(context) * max;
    return max < maxMs ? drawn : Math.max(drawn, (0.9 + random(context) / 5) * jitterWindowMs(context));
  },
  /** Adds jitter only upwards: at least half the slow delay. */
  retrySlowlyAfter: ({ context }: { context: Failed }): number => {
    const half = maxSlowRetryMs(context) / 2;
    return half + random(context) * Math.max(half, jitterWindowMs(context));
  },
});
