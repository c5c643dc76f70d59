import type { RateLimit } from './options.ts';

/** Spaces out what is sent, so that the platform's limits hold. Moments are of the monotonic clock, milliseconds. */
export interface RateLimiter {
  /** Takes the room for a message that is published now; one that yields leaves some. @returns Whether there was any. */
  take(nowMs: number, bytes: number, yields: boolean): boolean;
  /** Counts a message that can't wait, whether there is room or not. */
  charge(nowMs: number, bytes: number): void;
  /** Takes the room for a message that has waited. @returns 0, or in how many milliseconds to ask again. */
  replay(nowMs: number, bytes: number): number;
  /** How many messages that have waited may be unacknowledged at once. */
  readonly maxReplays: number;
}

/** The platform's limits for one client. */
const platformRate: Required<RateLimit> = { messages: 30, bytes: 1_000_000, burst: 100 };
/** Half of what the platform allows to be in flight. */
const maxPlatformReplays = 16;
/**
 * The pace at which what has waited goes, in parts of a second's limit: so much at once, so much evenly, never more than the
 * limit in any second. A large packet has to fit into what goes at once.
 */
const pace = { messages: { burst: 0.1, rate: 0.9 }, bytes: { burst: 0.3, rate: 0.7 } };
/** The part of the burst, and of a second's bytes, that is left to what is published now. */
const reserve = 0.3;

/**
 * A token bucket that may be overdrawn, with a second level for what has waited: that goes evenly, together with what
 * is published now, and after a second at the latest however much that was.
 */
const createBucket = (perSecond: number, burst: number, even: { readonly burst: number; readonly rate: number }) => {
  const evenBurst = Math.max(1, perSecond * even.burst);
  let level = burst;
  let evenLevel = evenBurst;
  let filledMs = -Infinity;
  /** Fills up. @returns How many tokens are missing for so much, or for as much as ever fits. */
  const missing = (nowMs: number, amount: number): number => {
    const tokens = ((nowMs - filledMs) / 1000) * perSecond;
    level = Math.min(burst, level + tokens);
    evenLevel = Math.min(evenBurst, evenLevel + tokens * even.rate);
    filledMs = nowMs;
    return Math.min(amount, burst) - level;
  };
  return {
    missing,
    /** Seconds until so much may go evenly, with `kept` left beyond it. */
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
  const limits = { ...platformRate, ...rate };
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
