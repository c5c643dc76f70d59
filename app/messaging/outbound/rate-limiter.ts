import type { Clock } from '../../../services/clock.ts';
import type { RateLimit } from './options.ts';

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
/**
 * The pace at which what has waited goes, in parts of a second's limit: so much at once, so much evenly, never more than the
 * limit in any second. A large packet has to fit into what goes at once.
 */
const pace = { messages: { burst: 0.1, rate: 0.9 }, bytes: { burst: 0.3, rate: 0.7 } };
/** The part of the burst, and of a second's bytes, that is left to what is published now. */
const reserve = 0.3;

interface BucketSize {
  readonly perSecond: number;
  readonly capacity: number;
  /** How far it may be overdrawn. @defaultValue any amount */
  readonly mostDebt?: number;
}

/** A bucket that fills by a rate up to a capacity, and may be overdrawn. */
const createBucket = (clock: Clock, { perSecond, capacity, mostDebt = Infinity }: BucketSize) => {
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
      fill();
      level = Math.max(level - amount, -mostDebt);
    },
  };
};

/** What has waited: evenly, together with what is published now, and after a second at the latest however much that was. */
const createPace = (clock: Clock, perSecond: number, { burst, rate }: { burst: number; rate: number }) =>
  createBucket(clock, {
    perSecond: perSecond * rate,
    capacity: Math.max(1, perSecond * burst),
    mostDebt: perSecond,
  });

/** Never in the way. */
const unlimited: RateLimiter = { take: () => true, charge: () => undefined, replays: 512, replay: () => 0 };

/**
 * A token bucket for messages and one for bytes: what is published now may come in bursts; what has waited goes evenly,
 * only while enough is left for what is published now, and so that both together stay below the limits in any second, but
 * for such bursts.
 */
export const createRateLimiter = (rate: RateLimit | false | undefined, clock: Clock): RateLimiter => {
  if (rate === false) return unlimited;
  const limits = { ...platformRate, ...rate };
  const messages = createBucket(clock, { perSecond: limits.messages, capacity: limits.burst });
  const volume = createBucket(clock, { perSecond: limits.bytes, capacity: limits.bytes });
  const paced = {
    messages: createPace(clock, limits.messages, pace.messages),
    bytes: createPace(clock, limits.bytes, pace.bytes),
  };
  const wait = (bytes: number, kept: number) =>
    Math.max(messages.wait(1 + limits.burst * kept), volume.wait(bytes + limits.bytes * kept));
  const charge = (bytes: number) => {
    messages.draw(1);
    volume.draw(bytes);
    paced.messages.draw(1);
    paced.bytes.draw(bytes);
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
      const ms = Math.max(paced.messages.wait(1), paced.bytes.wait(bytes), wait(bytes, reserve));
      if (ms > 0) return Math.ceil(ms);
      charge(bytes);
      return 0;
    },
  };
};
