import { Timer } from '../../../adapters/shared/clock.ts';
import type { Link } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import { BrokerError } from '../../../services/errors.ts';
import { deliver, type DeliveryListener } from './delivery.ts';
import type { Denials } from './denials.ts';
import type { Persistence } from './persistence.ts';
import type { PoisonDetector } from './poison-messages.ts';
import type { Message } from './message.ts';
import type { OutboxQueue } from './queue.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { delivered, refused } from './result.ts';

/** How long a link that did not take a message is left alone, milliseconds. */
const pauseMs = 1_000;
/** The reason code that means: not now (MQTT 5 section 2.4, "Quota exceeded"). */
const quotaExceeded = 0x97;

const isFinal = (thrown: unknown): thrown is BrokerError =>
  thrown instanceof BrokerError && thrown.code === 'refused' && thrown.reasonCode !== quotaExceeded;

const linkEnder =
  "the broker ended the link each time it was sent, and it was put aside. Check the unit's rights, the topic and the size.";

export interface ReplayParts {
  readonly queue: OutboxQueue;
  readonly persistence: Persistence;
  readonly denials: Denials;
  readonly limiter: RateLimiter;
  readonly poison: PoisonDetector;
  readonly clock: Clock;
  readonly onRefusal: (topic: string, reason: string) => void;
}

/** Sends what waits, in order, as fast as the rate allows. */
export class Replay implements DeliveryListener {
  readonly #parts: ReplayParts;
  /** Leaves the link alone for a while, and then goes on. */
  readonly #pause: Timer;
  #open: Link | undefined;
  #sending = 0;
  #isPumping = false;

  constructor(parts: ReplayParts) {
    this.#parts = parts;
    this.#pause = new Timer(parts.clock, () => this.wake());
  }

  start(link: Link): void {
    this.#open = link;
    this.#sending = 0;
    this.#parts.poison.linkOpened();
    // What the link is opened for, its subscriptions, goes first.
    queueMicrotask(() => this.wake());
  }

  stop(): void {
    if (this.#open) this.#parts.poison.linkEnded(this.#open);
    this.#open = undefined;
    this.#pause.stop();
  }

  /** Something waits. */
  wake(): void {
    // What settles at once is followed by the next here.
    if (this.#isPumping || !this.#open || this.#isHeld() || !this.#parts.persistence.status.isReady) return;
    this.#isPumping = true;
    this.#sendAll(this.#open);
    this.#isPumping = false;
  }

  onDelivered(link: Link, message: Message): void {
    this.#arrive(message);
    this.#onSettled(link, false);
  }

  onFailed(link: Link, message: Message, thrown: unknown): void {
    this.#onSettled(link, this.#fail(link, message, thrown));
  }

  #isHeld(): boolean {
    return this.#pause.isRunning || this.#parts.denials.isHeld;
  }

  /** What to send next. A broker that acknowledges nothing holds back nothing of QoS 0: that has as much room again. */
  #next(): Message | undefined {
    const { poison, limiter, queue } = this.#parts;
    if (!this.#open || this.#isHeld()) return undefined;
    if (poison.isTrying) return poison.next();
    if (this.#sending < limiter.maxReplays) return queue.next();
    return this.#sending < 2 * limiter.maxReplays ? queue.nextQos0() : undefined;
  }

  #sendAll(link: Link): void {
    const { clock, queue, poison, limiter } = this.#parts;
    const now = clock.monotonic();
    queue.expire(now);
    for (let message = this.#next(); message; message = this.#next()) {
      const ms = poison.waitMs() || limiter.replay(now, message.bytes);
      if (ms > 0) {
        this.#pause.start(ms);
        return;
      }
      if (this.#sendNow(link, message)) continue;
      this.#sending += 1;
      deliver(link, message, this);
    }
  }

  /** Sends a message of QoS 0 that needs no waiting. @returns Whether it is done. */
  #sendNow(link: Link, message: Message): boolean {
    const { topic, payload, qos, retain } = message;
    this.#parts.queue.move(message, 'sending');
    this.#parts.poison.sent(link, message);
    if (qos > 0 || !link.publishNow(topic.name, payload, retain)) return false;
    this.#arrive(message);
    return true;
  }

  #arrive(message: Message): void {
    const { poison, denials, queue } = this.#parts;
    poison.acknowledged(message);
    denials.acknowledged(message.topic.name);
    queue.end(message, delivered);
  }

  /** @returns Whether the message waits again. */
  #fail(link: Link, message: Message, thrown: unknown): boolean {
    const { poison, denials, persistence, clock, onRefusal } = this.#parts;
    if (message.state !== 'sending') return false;
    const isRefused = isFinal(thrown) && !denials.isInDoubt(message.topic.name, thrown);
    if (!isRefused) poison.failed(link, message, thrown);
    if (!isRefused && !poison.isPoison(message)) {
      void persistence.keep(message, clock.monotonic());
      return true;
    }
    if (!isRefused) onRefusal(message.topic.name, linkEnder);
    persistence.deadLetter(message, isRefused ? refused(thrown.message, thrown.reasonCode) : refused(linkEnder));
    return false;
  }

  /** A link has done with a message. @param isBack Whether the message waits again. */
  #onSettled(link: Link, isBack: boolean): void {
    if (this.#open === link) this.#sending -= 1;
    if (this.#open === link && isBack) this.#pause.start(pauseMs);
    this.wake();
  }
}
