import type { Clock } from '../../services/clock.ts';
import type { RateLimit } from './outbox-options.ts';

/** Spaces out what is sent, so that the platform's limits hold. */
export interface RateLimiter {
  /** Takes the room for a message that is published now; one that yields leaves some. @returns Whether there was any. */
  take(bytes: number, yields: boolean): boolean;
  /** Counts a message that can't wait, whether there is room or not. */
  charge(bytes: number): void;
  /** How many messages that have waited may be unacknowledged at once. */
  readonly replays: number;
  /** Takes the room for a message that has waited. @returns 0, or in how many milliseconds to ask again. */
  replay(bytes: number): number;
}

/** The platform's limits for one client. */
const platformRate: Required<RateLimit> = { messages: 30, bytes: 1_000_000, burst: 100 };
/** Half of what the platform allows to be in flight. */
const platformReplays = 16;
/** How much of a second's messages what has waited may take: so many at once, and so many evenly. */
const replayShare = { burst: 0.3, rate: 0.7 };
/** The part of the burst, and of a second's bytes, that is left to what is published now. */
const reserve = 0.3;

/** A bucket that fills by a rate up to a capacity, and may be overdrawn. */
const createBucket = (perSecond: number, capacity: number, clock: Clock) => {
  let level = capacity;
  let filledMs = clock.monotonic();
  const fill = () => {
    const now = clock.monotonic();
    level = Math.min(capacity, level + ((now - filledMs) / 1000) * perSecond);
    filledMs = now;
  };
  return {
    /** Milliseconds until so much is there, or as much as ever fits. */
    wait: (amount: number): number => {
      fill();
      return Math.max(0, ((Math.min(amount, capacity) - level) / perSecond) * 1000);
    },
    draw: (amount: number) => {
      level -= amount;
    },
  };
};

/** Never in the way. */
const unlimited: RateLimiter = { take: () => true, charge: () => undefined, replays: 512, replay: () => 0 };

/**
 * A token bucket for messages and one for bytes: what is published now may come in bursts; what has waited goes evenly,
 * and only while enough is left for what is published now.
 */
export const createRateLimiter = (rate: RateLimit | false | undefined, clock: Clock): RateLimiter => {
  if (rate === false) return unlimited;
  const limits = { ...platformRate, ...rate };
  const messages = createBucket(limits.messages, limits.burst, clock);
  const volume = createBucket(limits.bytes, limits.bytes, clock);
  const spacing = createBucket(
    limits.messages * replayShare.rate,
    Math.max(1, limits.messages * replayShare.burst),
    clock,
  );
  const wait = (bytes: number, kept: number) =>
    Math.max(messages.wait(1 + limits.burst * kept), volume.wait(bytes + limits.bytes * kept));
  const charge = (bytes: number) => {
    messages.draw(1);
    volume.draw(bytes);
  };
  return {
    charge,
    replays: platformReplays,
    take: (bytes, yields) => {
      if (wait(bytes, yields ? reserve : 0) > 0) return false;
      charge(bytes);
      return true;
    },
    replay: (bytes) => {
      const ms = Math.max(spacing.wait(1), wait(bytes, reserve));
      if (ms > 0) return Math.ceil(ms);
      spacing.draw(1);
      charge(bytes);
      return 0;
    },
  };
};
