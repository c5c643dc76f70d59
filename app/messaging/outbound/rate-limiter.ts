import type { RateLimit } from './options.ts';

/** Limits the rate of publishing. Times are milliseconds of the monotonic clock. */
export interface RateLimiter {
  /** Takes tokens for a new message; one that yields leaves a reserve. @returns Whether there were enough. */
  take(nowMs: number, bytes: number, yields: boolean): boolean;
  /** Takes tokens for a message that can't wait, even if there are not enough. */
  charge(nowMs: number, bytes: number): void;
  /** Takes tokens for a queued message. @returns 0, or the milliseconds until there are enough. */
  replay(nowMs: number, bytes: number): number;
  /** Limit of queued messages that are sent and unacknowledged at once. */
  readonly maxReplays: number;
}

/** The platform's limits for one client. */
const platformRate = { messages: 30, bytes: 1_000_000, burst: 100 };
/** Half of the platform's limit of messages in flight. */
const maxPlatformReplays = 16;
/**
 * Pace of queued messages, as parts of a second's limit: a burst and an even rate, together never above the limit. A large
 * packet has to fit into the burst.
 */
const pace = { messages: { burst: 0.1, rate: 0.9 }, bytes: { burst: 0.3, rate: 0.7 } };
/** Part of the burst, and of a second's bytes, that is reserved for new messages. */
const reserve = 0.3;

/**
 * Creates a token bucket that may be overdrawn, with a second level for queued messages, which are sent evenly. Both kinds
 * draw on both levels; a queued message waits a second at most, however much was published.
 */
const createBucket = (perSecond: number, burst: number, even: { readonly burst: number; readonly rate: number }) => {
  const evenBurst = Math.max(1, perSecond * even.burst);
  let level = burst;
  let evenLevel = evenBurst;
  let filledMs = -Infinity;
  /** Refills. @returns How many tokens are missing for an amount, or for a full bucket if the amount is larger. */
  const missing = (nowMs: number, amount: number): number => {
    const tokens = ((nowMs - filledMs) / 1000) * perSecond;
    level = Math.min(burst, level + tokens);
    evenLevel = Math.min(evenBurst, evenLevel + tokens * even.rate);
    filledMs = nowMs;
    return Math.min(amount, burst) - level;
  };
  return {
    missing,
    /** Seconds until an amount may be sent evenly, with `kept` tokens left. */
    wait: (nowMs: number, amount: number, kept: number): number =>
      Math.max(
        missing(nowMs, amount + kept) / perSecond,
        (Math.min(amount, evenBurst) - evenLevel) / (perSecond * even.rate),
      ),
    draw: (amount: number) => {
      level -= amount;
      evenLevel = Math.max(evenLevel - amount, -perSecond);
    },
  };
};

/** Never in the way. */
const unlimited: RateLimiter = { take: () => true, charge: () => undefined, maxReplays: 512, replay: () => 0 };

/**
 * A token bucket for messages and one for bytes: what is published now may come in bursts; what has waited goes evenly,
 * only while enough is left for what is published now, and so that both together stay below the limits in any second, but
 * for such bursts.
 */
export const createRateLimiter = (rate: RateLimit | false | undefined): RateLimiter => {
  if (rate === false) return unlimited;
  const limits = {
    messages: rate?.messages ?? platformRate.messages,
    bytes: rate?.bytes ?? platformRate.bytes,
    burst: rate?.burst ?? platformRate.burst,
  };
  const messages = createBucket(limits.messages, limits.burst, pace.messages);
  const volume = createBucket(limits.bytes, limits.bytes, pace.bytes);
  const kept = { messages: limits.burst * reserve, bytes: limits.bytes * reserve };
  const draw = (bytes: number) => {
    messages.draw(1);
    volume.draw(bytes);
  };
  return {
    maxReplays: maxPlatformReplays,
    take: (nowMs, bytes, yields) => {
      const isThere =
        messages.missing(nowMs, yields ? 1 + kept.messages : 1) <= 0 &&
        volume.missing(nowMs, yields ? bytes + kept.bytes : bytes) <= 0;
      if (!isThere) return false;
      messages.draw(1);
      volume.draw(bytes);
      return true;
    },
    charge: (nowMs, bytes) => {
      messages.missing(nowMs, 1);
      volume.missing(nowMs, bytes);
      draw(bytes);
    },
    replay: (nowMs, bytes) => {
      const seconds = Math.max(messages.wait(nowMs, 1, kept.messages), volume.wait(nowMs, bytes, kept.bytes));
      if (seconds > 0) return Math.ceil(seconds * 1000);
      draw(bytes);
      return 0;
    },
  };
};
