import { publishBytes } from '../../../adapters/shared/mqtt/packet-size.ts';
import type { Link, PublishOptions, Qos } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { createRefusalWarnings } from '../throttled-warning.ts';
import { deliver, type DeliveryListener } from './delivery.ts';
import type { Message, MessageOptions, OnResult, Payload, PublishRequest } from './message.ts';
import type { Policies } from './options.ts';
import type { Denials } from './denials.ts';
import type { Persistence } from './persistence.ts';
import type { PoisonDetector } from './poison-messages.ts';
import type { OutboxQueue } from './queue.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { Replay } from './replay.ts';
import { delivered, refused } from './result.ts';

/** What the link may have and not have acknowledged; more waits in the outbox. */
const maxSending = { messages: 1_024, bytes: 1024 * 1024 };

const isAtRisk = ({ state, qos, isStored }: Message): boolean => state === 'sending' && qos > 0 && !isStored;

/**
 * Writes to the store what the broker takes long to acknowledge, so that a kill of the program does not lose it. One timer
 * for all messages.
 */
export class AckWatchdog {
  readonly #queue: OutboxQueue;
  readonly #persistence: Persistence;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #timer: unknown;

  /** @param patienceMs How long a message may go unacknowledged first. */
  constructor(queue: OutboxQueue, persistence: Persistence, clock: Clock, patienceMs: number) {
    this.#queue = queue;
    this.#persistence = persistence;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** A message of QoS 1 or 2 was sent. */
  start(): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, this.#patienceMs);
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  #look(): void {
    const now = this.#clock.monotonic();
    const atRisk = this.#queue.all().filter(isAtRisk);
    for (const message of atRisk) {
      const { storeAfterMs } = message.topic.policy;
      if (now - message.bornMs >= Math.max(this.#patienceMs, storeAfterMs)) void this.#persistence.save(message);
    }
    if (atRisk.length > 0) this.start();
  }
}

interface SenderParts {
  readonly clock: Clock;
  readonly policies: Policies;
  readonly queue: OutboxQueue;
  readonly persistence: Persistence;
  readonly denials: Denials;
  readonly limiter: RateLimiter;
  readonly poison: PoisonDetector;
  readonly refusals: ReturnType<typeof createRefusalWarnings>;
  readonly replay: Replay;
  readonly watchdog: AckWatchdog;
}

/** Puts a message on the link, or into the outbox, and follows what becomes of it. */
export class Sender implements DeliveryListener {
  readonly #parts: SenderParts;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** Checks whether a message may go past the outbox; the rate then has room for it. */
  mayPass(name: string, qos: Qos, bytes: number, nowMs: number): boolean {
    const { policies, queue, persistence, denials, limiter, poison } = this.#parts;
    if (denials.isHeld) return false;
    const topic = queue.topics.get(name);
    if (topic !== undefined && topic.waiting > 0) return false;
    if (queue.sending.messages >= maxSending.messages || queue.sending.bytes >= maxSending.bytes) return false;
    if (!persistence.status.isReady || (qos > 0 && poison.isTrying)) return false;
    return limiter.take(nowMs, bytes, (topic?.policy ?? policies.of(name)).yields);
  }

  /** Sends a message. @param onResult Gets its end, or that it is kept; only its end where `until` says so. */
  send(link: Link, request: PublishRequest, options: MessageOptions | undefined, onResult: OnResult): void {
    const message = this.#add(request, 'sending', options, onResult);
    if (message.qos > 0) {
      message.topic.unsecured += 1;
      this.#parts.watchdog.start();
    }
    deliver(link, message, this);
  }

  /** Lets a message wait. @param onResult Gets what {@link Sender.send} says. */
  keep(request: PublishRequest, options: MessageOptions | undefined, onResult: OnResult): void {
    void this.#keep(this.#add(request, 'waiting', options, onResult), request.bornMs);
  }

  /** Sends past the outbox. @throws {BrokerError} */
  async sendOrThrow(link: Link | undefined, topic: string, payload: Payload, options?: PublishOptions): Promise<void> {
    const { clock, queue, denials, limiter } = this.#parts;
    if (!link) throw new BrokerError('closed', `Nothing can be sent to ${topic}: the link is down. Try again later.`);
    limiter.charge(clock.monotonic(), publishBytes(topic, payload));
    try {
      await link.publish(topic, payload, options);
    } catch (thrown) {
      denials.isInDoubt(topic, thrown);
      throw thrown;
    }
    queue.counts.delivered += 1;
  }

  onDelivered(_link: Link, message: Message): void {
    const { poison, denials, queue } = this.#parts;
    poison.acknowledged(message);
    denials.acknowledged(message.topic.name);
    queue.end(message, delivered);
  }

  onFailed(link: Link, message: Message, thrown: unknown): void {
    const { clock, queue, denials, poison, refusals } = this.#parts;
    if (message.state !== 'sending') return;
    const isRefused = thrown instanceof BrokerError && thrown.code === 'refused';
    if (!isRefused) poison.failed(link, message, thrown);
    if (!isRefused || denials.isInDoubt(message.topic.name, thrown)) {
      void this.#keep(message, clock.monotonic());
      return;
    }
    refusals.add(message.topic.name, thrown.message);
    queue.end(message, refused(thrown.message, thrown.reasonCode));
  }

  #add(
    request: PublishRequest,
    state: 'waiting' | 'sending',
    options: MessageOptions | undefined,
    onResult: OnResult,
  ): Message {
    const message = this.#parts.queue.add(request, state);
    message.settle = onResult;
    message.tellsEnd = options?.until === 'settled';
    return message;
  }

  /** Lets a message wait, and tells once it is kept who does not wait for its end. */
  async #keep(message: Message, nowMs: number): Promise<void> {
    const { persistence, replay } = this.#parts;
    const tell = message.tellsEnd ? undefined : message.settle;
    if (tell) message.settle = undefined;
    const result = await persistence.keep(message, nowMs);
    replay.wake();
    tell?.(result);
  }
}
