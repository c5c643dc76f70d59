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
 * Writes to the store what the broker takes long to acknowledge, so that a kill of the program does not lose it.
 *
 * @param patienceMs How long a message may go unacknowledged first; one timer for all of them.
 */
export const createAckWatchdog = (queue: OutboxQueue, save: Persistence['save'], clock: Clock, patienceMs: number) => {
  let timer: unknown;
  /** A message of QoS 1 or 2 was sent. */
  const start = () => {
    timer ??= clock.setTimeout(() => {
      timer = undefined;
      const now = clock.monotonic();
      const atRisk = queue.all().filter(isAtRisk);
      for (const message of atRisk) {
        const { storeAfterMs } = message.topic.policy;
        if (now - message.bornMs >= Math.max(patienceMs, storeAfterMs)) void save(message);
      }
      if (atRisk.length > 0) start();
    }, patienceMs);
  };
  return { start, stop: () => clock.clearTimeout(timer) };
};

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
  readonly watchdog: ReturnType<typeof createAckWatchdog>;
}

/** Sends past the outbox. @throws {BrokerError} */
const createDirectSend =
  ({ clock, queue, denials, limiter }: SenderParts) =>
  async (link: Link | undefined, topic: string, payload: Payload, options?: PublishOptions) => {
    if (!link) throw new BrokerError('closed', `Nothing can be sent to ${topic}: the link is down. Try again later.`);
    limiter.charge(clock.monotonic(), publishBytes(topic, payload));
    try {
      await link.publish(topic, payload, options);
    } catch (thrown) {
      denials.isInDoubt(topic, thrown);
      throw thrown;
    }
    queue.counts.delivered += 1;
  };

/** Checks whether a message may go past the outbox; the rate then has room for it. */
const createPassCheck =
  ({ policies, queue, persistence, denials, limiter, poison }: SenderParts) =>
  (name: string, qos: Qos, bytes: number, nowMs: number): boolean => {
    if (denials.isHeld()) return false;
    const topic = queue.topics.get(name);
    if (topic !== undefined && topic.waiting > 0) return false;
    if (queue.sending.messages >= maxSending.messages || queue.sending.bytes >= maxSending.bytes) return false;
    if (!persistence.status.isReady || (qos > 0 && poison.isTrying())) return false;
    return limiter.take(nowMs, bytes, (topic?.policy ?? policies.of(name)).yields);
  };

/** Puts a message on the link, or into the outbox, and follows what becomes of it. */
export const createSender = (parts: SenderParts) => {
  const { clock, queue, persistence, denials, poison, refusals, replay, watchdog } = parts;
  /** Lets a message wait, and tells once it is kept who does not wait for its end. */
  const keep = async (message: Message, nowMs: number) => {
    const tell = message.tellsEnd ? undefined : message.settle;
    if (tell) message.settle = undefined;
    const result = await persistence.keep(message, nowMs);
    replay.wake();
    tell?.(result);
  };
  const fail = (link: Link, message: Message, thrown: unknown) => {
    if (message.state !== 'sending') return;
    if (!(thrown instanceof BrokerError && thrown.code === 'refused')) {
      poison.failed(link, message, thrown);
      return void keep(message, clock.monotonic());
    }
    if (denials.isInDoubt(message.topic.name, thrown)) return void keep(message, clock.monotonic());
    refusals.add(message.topic.name, thrown.message);
    queue.end(message, refused(thrown.message, thrown.reasonCode));
  };
  const listener: DeliveryListener = {
    onDelivered: (_link, message) => {
      poison.acknowledged(message);
      denials.acknowledged(message.topic.name);
      queue.end(message, delivered);
    },
    onFailed: fail,
  };
  /** @param onResult Gets the message's end, or that it is kept; only its end where `until` says so. */
  const add = (
    request: PublishRequest,
    state: 'waiting' | 'sending',
    options: MessageOptions | undefined,
    onResult: OnResult,
  ): Message => {
    const message = queue.add(request, state);
    message.settle = onResult;
    message.tellsEnd = options?.until === 'settled';
    return message;
  };
  return {
    mayPass: createPassCheck(parts),
    send: (link: Link, request: PublishRequest, options: MessageOptions | undefined, onResult: OnResult) => {
      const message = add(request, 'sending', options, onResult);
      if (message.qos > 0) {
        message.topic.unsecured += 1;
        watchdog.start();
      }
      deliver(link, message, listener);
    },
    sendOrThrow: createDirectSend(parts),
    keep: (request: PublishRequest, options: MessageOptions | undefined, onResult: OnResult) =>
      void keep(add(request, 'waiting', options, onResult), request.bornMs),
  };
};

export type Sender = ReturnType<typeof createSender>;
