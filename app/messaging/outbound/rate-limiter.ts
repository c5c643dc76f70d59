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
const noReserve = { messages: 0, bytes: 0 };

/**
 * A token bucket that may be overdrawn, with a second level for queued messages, which are sent evenly. Both kinds draw on
 * both levels; a queued message waits a second at most, however much was published.
 */
class Bucket {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #evenPerSecond: number;
  readonly #evenBurst: number;
  #level: number;
  #evenLevel: number;
  #filledMs = -Infinity;

  constructor(perSecond: number, burst: number, even: { readonly burst: number; readonly rate: number }) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#evenPerSecond = perSecond * even.rate;
    this.#evenBurst = Math.max(1, perSecond * even.burst);
    this.#level = burst;
    this.#evenLevel = this.#evenBurst;
  }

  /** Refills. @returns How many tokens are missing for an amount, or for a full bucket if the amount is larger. */
  missing(nowMs: number, amount: number): number {
    const seconds = (nowMs - this.#filledMs) / 1000;
    this.#level = Math.min(this.#burst, this.#level + seconds * this.#perSecond);
    this.#evenLevel = Math.min(this.#evenBurst, this.#evenLevel + seconds * this.#evenPerSecond);
    this.#filledMs = nowMs;
    return Math.min(amount, this.#burst) - this.#level;
  }

  /** Seconds until an amount may be sent evenly, with `kept` tokens left. */
  wait(nowMs: number, amount: number, kept: number): number {
    return Math.max(
      this.missing(nowMs, amount + kept) / this.#perSecond,
      (Math.min(amount, this.#evenBurst) - this.#evenLevel) / this.#evenPerSecond,
    );
  }

  draw(amount: number): void {
    this.#level -= amount;
    this.#evenLevel = Math.max(this.#evenLevel - amount, -this.#perSecond);
  }
}

/** Never in the way. */
const unlimited: RateLimiter = { take: () => true, charge: () => undefined, maxReplays: 512, replay: () => 0 };

/**
 * A token bucket for messages and one for bytes: what is published now may come in bursts; what has waited goes evenly,
 * only while enough is left for what is published now, and so that both together stay below the limits in any second, but
 * for such bursts.
 */
class PlatformLimiter implements RateLimiter {
  readonly maxReplays = maxPlatformReplays;
  readonly #messages: Bucket;
  readonly #bytes: Bucket;
  readonly #kept: { readonly messages: number; readonly bytes: number };

  constructor({ messages, bytes, burst }: { readonly [K in keyof RateLimit]-?: number }) {
    this.#messages = new Bucket(messages, burst, pace.messages);
    this.#bytes = new Bucket(bytes, bytes, pace.bytes);
    this.#kept = { messages: burst * reserve, bytes: bytes * reserve };
  }

  take(nowMs: number, bytes: number, yields: boolean): boolean {
    const kept = yields ? this.#kept : noReserve;
    const isThere =
      this.#messages.missing(nowMs, 1 + kept.messages) <= 0 && this.#bytes.missing(nowMs, bytes + kept.bytes) <= 0;
    if (isThere) this.#draw(bytes);
    return isThere;
  }

  charge(nowMs: number, bytes: number): void {
    this.#messages.missing(nowMs, 1);
    this.#bytes.missing(nowMs, bytes);
    this.#draw(bytes);
  }

  replay(nowMs: number, bytes: number): number {
    const { messages, bytes: keptBytes } = this.#kept;
    const seconds = Math.max(this.#messages.wait(nowMs, 1, messages), this.#bytes.wait(nowMs, bytes, keptBytes));
    if (seconds > 0) return Math.ceil(seconds * 1000);
    this.#draw(bytes);
    return 0;
  }

  #draw(bytes: number): void {
    this.#messages.draw(1);
    this.#bytes.draw(bytes);
  }
}

/** Creates the limiter of a rate; by default the platform's. */
export const createRateLimiter = (rate: RateLimit | false | undefined): RateLimiter =>
  rate === false
    ? unlimited
    : new PlatformLimiter({
        messages: rate?.messages ?? platformRate.messages,
        bytes: rate?.bytes ?? platformRate.bytes,
        burst: rate?.burst ?? platformRate.burst,
      });
