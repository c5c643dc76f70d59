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

/** Sends what waits, in order, as fast as the rate allows. */
export interface Replay {
  start(link: Link): void;
  stop(): void;
  /** Something waits. */
  wake(): void;
}

export interface ReplayParts {
  readonly queue: OutboxQueue;
  readonly persistence: Persistence;
  readonly denials: Denials;
  readonly limiter: RateLimiter;
  readonly poison: PoisonDetector;
  readonly clock: Clock;
  readonly onRefusal: (topic: string, reason: string) => void;
}

/** Gets what a link has done with a message, once. @param isBack Whether the message waits again. */
type OnSettled = (link: Link, isBack: boolean) => void;

/** Sends one message, and settles it. */
const createExchange = (
  { queue, persistence, denials, poison, clock, onRefusal }: ReplayParts,
  onSettled: OnSettled,
) => {
  const arrive = (message: Message) => {
    poison.acknowledged(message);
    denials.acknowledged(message.topic.name);
    queue.end(message, delivered);
  };
  /** @returns Whether the message waits again. */
  const fail = (link: Link, message: Message, thrown: unknown): boolean => {
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
  };
  const listener: DeliveryListener = {
    onDelivered: (link, message) => {
      arrive(message);
      onSettled(link, false);
    },
    onFailed: (link, message, thrown) => onSettled(link, fail(link, message, thrown)),
  };
  return {
    /** Sends a message of QoS 0 that needs no waiting. @returns Whether it is done. */
    sendNow: (link: Link, message: Message): boolean => {
      const { topic, payload, qos, retain } = message;
      queue.move(message, 'sending');
      poison.sent(link, message);
      if (qos > 0 || !link.publishNow(topic.name, payload, retain)) return false;
      arrive(message);
      return true;
    },
    /** Sends a message that was not done at once. */
    send: (link: Link, message: Message) => deliver(link, message, listener),
  };
};

/** Leaves the link alone for a while, and then goes on. */
const createPause = (clock: Clock, goOn: () => void) => {
  let timer: unknown;
  return {
    isOn: () => timer !== undefined,
    begin: (ms: number) => {
      timer ??= clock.setTimeout(() => {
        timer = undefined;
        goOn();
      }, ms);
    },
    end: () => {
      clock.clearTimeout(timer);
      timer = undefined;
    },
  };
};

export const createReplay = (parts: ReplayParts): Replay => {
  const { queue, persistence, denials, limiter, poison, clock } = parts;
  let open: Link | undefined;
  let sending = 0;
  const pause = createPause(clock, () => pump());
  let isPumping = false;

  /** What to send next. A broker that acknowledges nothing holds back nothing of QoS 0: that has as much room again. */
  const next = (): Message | undefined => {
    if (!open || pause.isOn() || denials.isHeld()) return undefined;
    if (poison.isTrying()) return poison.next();
    if (sending < limiter.maxReplays) return queue.next();
    return sending < 2 * limiter.maxReplays ? queue.nextQos0() : undefined;
  };
  const onSettled: OnSettled = (link, isBack) => {
    if (open === link) sending -= 1;
    if (open === link && isBack) pause.begin(pauseMs);
    pump();
  };
  const exchange = createExchange(parts, onSettled);
  const sendAll = (link: Link) => {
    const now = clock.monotonic();
    queue.expire(now);
    for (let message = next(); message; message = next()) {
      const ms = poison.waitMs() || limiter.replay(now, message.bytes);
      if (ms > 0) return pause.begin(ms);
      if (exchange.sendNow(link, message)) continue;
      sending += 1;
      exchange.send(link, message);
    }
  };
  const pump = () => {
    // What settles at once is followed by the next here.
    if (isPumping || !open || pause.isOn() || denials.isHeld() || !persistence.status.isReady) return;
    isPumping = true;
    sendAll(open);
    isPumping = false;
  };

  return {
    start: (link) => {
      open = link;
      sending = 0;
      poison.linkOpened();
      // What the link is opened for, its subscriptions, goes first.
      queueMicrotask(pump);
    },
    stop: () => {
      if (open) poison.linkEnded(open);
      open = undefined;
      pause.end();
    },
    wake: pump,
  };
};
