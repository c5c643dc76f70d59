import { createPause } from '../../adapters/shared/pause.ts';
import type { Link } from '../../services/broker.ts';
import type { Clock } from '../../services/clock.ts';
import { BrokerError } from '../../services/errors.ts';
import type { PlaneOutbox } from './outbox.ts';
import type { Message, OutboxQueue } from './outbox-queue.ts';
import { delivered, refused } from './publish-result.ts';
import type { RateLimiter } from './rate-limit.ts';

/** How long a link that did not take a message is left alone, milliseconds. */
const pauseMs = 1_000;
/** The reason code that means: not now (MQTT 5 section 2.4, "Quota exceeded"). */
const quotaExceeded = 0x97;

const isFinal = (thrown: unknown): thrown is BrokerError =>
  thrown instanceof BrokerError && thrown.code === 'refused' && thrown.reasonCode !== quotaExceeded;

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

export const createReplay = (outbox: PlaneOutbox, limiter: RateLimiter, clock: Clock): Replay => {
  const { queue } = outbox;
  let open: Link | undefined;
  let sending = 0;

  const fail = (link: Link, message: Message, thrown: unknown) => {
    if (message.state !== 'sending') return;
    if (isFinal(thrown)) return outbox.bury(message, refused(thrown.message, thrown.reasonCode));
    void outbox.keep(message);
    if (open === link) pause.begin(pauseMs);
  };
  const exchange = async (link: Link, message: Message) => {
    const { lane, payload, qos, retain } = message;
    sending += 1;
    try {
      await link.publish(lane.topic, payload, { qos, retain });
      outbox.end(message, delivered);
    } catch (thrown) {
      fail(link, message, thrown);
    }
    if (open === link) sending -= 1;
    pump();
  };
  const send = (link: Link, message: Message) => {
    const { lane, payload, qos, retain } = message;
    queue.move(message, 'sending');
    if (qos === 0 && link.publishNow(lane.topic, payload, retain)) outbox.end(message, delivered);
    else void exchange(link, message);
  };
  /** @returns Whether there may be more to send now. */
  const sendNext = (): boolean => {
    const message = nextOf(queue, sending, limiter.replays);
    if (!open || !message || pause.isOn()) return false;
    const ms = limiter.replay(message.bytes);
    if (ms > 0) pause.begin(ms);
    else send(open, message);
    return ms === 0;
  };
  const pump = () => {
    if (!outbox.isReady()) return;
    outbox.expire();
    while (sendNext());
  };
  const pause = createPause(clock, pump);

  return {
    start: (link) => {
      open = link;
      sending = 0;
      // What the link is opened for, its subscriptions, goes first.
      queueMicrotask(pump);
    },
    stop: () => {
      open = undefined;
      pause.end();
    },
    wake: pump,
  };
};
