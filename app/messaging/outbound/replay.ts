import { createTimer } from '../../../adapters/shared/clock.ts';
import type { Link } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { PlaneOutbox } from './outbox.ts';
import type { Message, OutboxQueue } from './queue.ts';
import { delivered, refused } from './result.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { Suspects } from './poison-messages.ts';

/** How long a link that did not take a message is left alone, milliseconds. */
const pauseMs = 1_000;
/** The reason code that means: not now (MQTT 5 section 2.4, "Quota exceeded"). */
const quotaExceeded = 0x97;

const isFinal = (thrown: unknown): thrown is BrokerError =>
  thrown instanceof BrokerError && thrown.code === 'refused' && thrown.reasonCode !== quotaExceeded;

const linkEnder =
  "the broker ended the link each time it was sent, and it was put aside. Check the unit's rights, the topic and the size.";

/**
 * What to send next, with so much under way. A broker that acknowledges nothing holds back none of what needs no
 * acknowledgement: that has as much room again.
 */
const nextOf = (queue: OutboxQueue, sending: number, most: number): Message | undefined => {
  if (sending < most) return queue.next();
  return sending < 2 * most ? queue.nextQos0() : undefined;
};

/** Sends what waits, in order, as fast as the rate allows. */
export interface Replay {
  start(link: Link): void;
  stop(): void;
  /** Something waits. */
  wake(): void;
}

export interface ReplayParts {
  readonly outbox: PlaneOutbox;
  readonly limiter: RateLimiter;
  readonly suspects: Suspects;
  readonly clock: Clock;
  readonly complain: (topic: string, reason: string) => void;
}

/** What becomes of what was sent. */
const createJudgement = ({ outbox, suspects, complain }: ReplayParts) => ({
  arrive: (message: Message) => {
    suspects.acknowledged(message);
    outbox.end(message, delivered);
  },
  /** @returns Whether the message waits again. */
  fail: (link: Link, message: Message, thrown: unknown): boolean => {
    if (message.state !== 'sending') return false;
    if (isFinal(thrown)) {
      outbox.bury(message, refused(thrown.message, thrown.reasonCode));
      return false;
    }
    suspects.doubt(link, message, thrown);
    if (suspects.convict(message)) {
      complain(message.lane.topic, linkEnder);
      outbox.bury(message, refused(linkEnder));
      return false;
    }
    void outbox.keep(message);
    return true;
  },
});

export const createReplay = (parts: ReplayParts): Replay => {
  const { outbox, limiter, suspects, clock } = parts;
  const { queue } = outbox;
  const { arrive, fail } = createJudgement(parts);
  let open: Link | undefined;
  let sending = 0;

  const exchange = async (link: Link, message: Message) => {
    const { lane, payload, qos, retain } = message;
    sending += 1;
    try {
      await link.publish(lane.topic, payload, { qos, retain });
      arrive(message);
    } catch (thrown) {
      if (fail(link, message, thrown) && open === link) timer.start(pauseMs);
    }
    if (open === link) sending -= 1;
    pump();
  };
  const send = (link: Link, message: Message) => {
    const { lane, payload, qos, retain } = message;
    queue.move(message, 'sending');
    suspects.sent(link, message);
    if (qos === 0 && link.publishNow(lane.topic, payload, retain)) arrive(message);
    else void exchange(link, message);
  };
  /** @returns Whether there may be more to send now. */
  const sendNext = (): boolean => {
    const message = suspects.isCautious() ? suspects.next() : nextOf(queue, sending, limiter.replays);
    if (!open || !message || timer.isRunning()) return false;
    const ms = suspects.waitMs() || limiter.replay(message.bytes);
    if (ms > 0) timer.start(ms);
    else send(open, message);
    return ms === 0;
  };
  const pump = () => {
    if (!outbox.isReady()) return;
    outbox.expire();
    while (sendNext());
  };
  const timer = createTimer(clock, pump);

  return {
    start: (link) => {
      open = link;
      sending = 0;
      suspects.opened();
      // What the link is opened for, its subscriptions, goes first.
      queueMicrotask(pump);
    },
    stop: () => {
      if (open) suspects.ended(open);
      open = undefined;
      timer.stop();
    },
    wake: pump,
  };
};
