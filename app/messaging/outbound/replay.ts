import type { Link } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import { BrokerError } from '../../../services/errors.ts';
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

/** Sends one message, and settles it. */
const createExchange = ({ queue, persistence, denials, poison, clock, onRefusal }: ReplayParts) => {
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
  /** @returns Nothing when it is done, else whether the message waits again, once that is known. */
  return (link: Link, message: Message): Promise<boolean> | undefined => {
    const { topic, payload, qos, retain } = message;
    queue.move(message, 'sending');
    poison.sent(link, message);
    if (qos === 0 && link.publishNow(topic.name, payload, retain)) {
      arrive(message);
      return undefined;
    }
    return link.publish(topic.name, payload, { qos, retain }).then(
      () => {
        arrive(message);
        return false;
      },
      (thrown: unknown) => fail(link, message, thrown),
    );
  };
};

export const createReplay = (parts: ReplayParts): Replay => {
  const { queue, persistence, denials, limiter, poison, clock } = parts;
  const send = createExchange(parts);
  let open: Link | undefined;
  let sending = 0;
  let timer: unknown;

  /** Leaves the link alone for a while, and then goes on. */
  const pause = (ms: number, goOn: () => void) => {
    timer ??= clock.setTimeout(() => {
      timer = undefined;
      goOn();
    }, ms);
  };
  /** What to send next. A broker that acknowledges nothing holds back nothing of QoS 0: that has as much room again. */
  const next = (): Message | undefined => {
    if (!open || timer !== undefined || denials.isHeld()) return undefined;
    if (poison.isTrying()) return poison.next();
    if (sending < limiter.maxReplays) return queue.next();
    return sending < 2 * limiter.maxReplays ? queue.nextQos0() : undefined;
  };
  const pump = () => {
    const link = open;
    if (!link || timer !== undefined || denials.isHeld() || !persistence.status.isReady) return;
    const now = clock.monotonic();
    const onSettled = (isBack: boolean) => {
      if (open === link) sending -= 1;
      if (open === link && isBack) pause(pauseMs, pump);
      pump();
    };
    queue.expire(now);
    for (let message = next(); message; message = next()) {
      const ms = poison.waitMs() || limiter.replay(now, message.bytes);
      if (ms > 0) return pause(ms, pump);
      const settling = send(link, message);
      if (!settling) continue;
      sending += 1;
      void settling.then(onSettled);
    }
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
      clock.clearTimeout(timer);
      timer = undefined;
    },
    wake: pump,
  };
};
