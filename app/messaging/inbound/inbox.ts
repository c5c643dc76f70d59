import type { Clock } from '../../../services/clock.ts';
import type { InboxMetrics } from '../../../services/metrics.ts';
import { callGuarded } from '../call-user.ts';
import type { InboxLimits } from './topic-queues.ts';
import { createBackpressure } from './backpressure.ts';
import { createTopicQueues, type InboxClass } from './topic-queues.ts';
import type { InboundMessage } from './message.ts';
import { ThrottledWarning } from '../throttled-warning.ts';

export type InputHandler = (message: InboundMessage) => unknown;

/** How often drops are reported, milliseconds. */
const warnEveryMs = 10_000;
/** How often messages on topics without a subscription are reported, milliseconds. */
const unsolicitedEveryMs = 3_600_000;

export interface Inbox {
  setHandler(handler: InputHandler | undefined): void;
  /**
   * Hands a message to the handler, at once when it is free for that topic, else after those before it.
   *
   * @returns Nothing, or what to wait for before more is pushed, else it may be dropped; it never rejects.
   */
  push(message: InboundMessage, of: InboxClass): Promise<void> | undefined;
  /** Counts a message on a topic that the unit has not subscribed to. */
  passOver(topic: string): void;
  /** Drops every message until the result is called or disposed of. */
  hold(): Disposable & (() => void);
  /** Lets go of what waits, and waits for no handler any more. */
  stop(): void;
  /** Takes messages again after a stop. */
  start(): void;
  metrics(): InboxMetrics;
}

export interface InboxParts {
  readonly clock: Clock;
  readonly limits: InboxLimits;
  /** How long all pauses of one overload may last together, milliseconds; read at each pause. */
  readonly pauseMs: () => number;
  readonly warn: (message: string) => void;
}

/** Counts drops, and warns of those for want of room. */
const createDrops = (clock: Clock, warn: (message: string) => void) => {
  let silent = 0;
  const full = new ThrottledWarning(clock, warnEveryMs, (fresh, total) => {
    const news = fresh === total ? '' : `${fresh} more, `;
    warn(`The input handler is too slow: ${news}${total} messages dropped so far. Let it return sooner.`);
  });
  const unsolicited = new ThrottledWarning(clock, unsolicitedEveryMs, (fresh, total, topic) => {
    const what = fresh === total ? 'A message' : `${fresh} more messages (${total} so far)`;
    warn(`${what} on topics that the unit has not subscribed to, the last one on ${topic.slice(0, 200)}: dropped.`);
  });
  return {
    forRoom: () => full.add(),
    unsolicited: (topic: string) => unsolicited.add(topic),
    asAsked: (count: number) => {
      silent += count;
    },
    count: () => silent + full.count(),
    unsolicitedCount: () => unsolicited.count(),
    stop: () => {
      full.stop();
      unsolicited.stop();
    },
    start: () => {
      full.start();
      unsolicited.start();
    },
  };
};

/** Counts those who want nothing to come in. */
const createHolders = () => {
  let holders = 0;
  return {
    isHeld: () => holders > 0,
    hold: () => {
      holders += 1;
      let isHeld = true;
      const release = () => {
        if (isHeld) holders -= 1;
        isHeld = false;
      };
      return Object.assign(release, { [Symbol.dispose]: release });
    },
  };
};

/**
 * Brings messages to the input handler: one at a time and in order for each topic, bounded, and without losing a
 * burst while a handler awaits.
 *
 * When most of the room for inputs is taken, the link is asked to pause, so that the rest of a burst waits in its
 * socket and, by TCP, at the broker. But MQTT has one stream for everything: commands (perhaps the update that mends
 * the handler), the answer to a PINGREQ and every acknowledgement wait as well. So all pauses of one overload together
 * last for `pauseMs` and no longer, which the deadlines of the link outlast; what passes the limits after that is
 * dropped and counted. What waits of commands was obeyed before, and pauses nothing. Acknowledgements of QoS 1 are
 * late by a pause, never withheld: a broker that has its window full of inputs holds commands back too, and sends all
 * of it again at the next connection.
 */
export const createInbox = ({ clock, limits, pauseMs, warn }: InboxParts): Inbox => {
  const drops = createDrops(clock, warn);
  const holders = createHolders();
  let handler: InputHandler | undefined;
  let isStopped = false;
  let received = 0;

  const queues = createTopicQueues({
    clock,
    limits,
    work: (message) => handler && callGuarded('input handler', handler, [message], warn),
    onLate: (topic) =>
      warn(`The input handler has not settled on ${topic} for ${limits.handlerMs} ms: going on without it.`),
    onRoom: () => backpressure.ease(),
  });
  const backpressure = createBackpressure(clock, queues.inputLevel, pauseMs);

  return {
    setHandler: (given) => void (handler = given),
    passOver: (topic) => drops.unsolicited(topic),
    push: (message, of) => {
      received += 1;
      if (isStopped || holders.isHeld()) {
        drops.asAsked(1);
        return undefined;
      }
      if (!queues.push(message, of)) drops.forRoom();
      return backpressure.check();
    },
    hold: () => {
      backpressure.release();
      return holders.hold();
    },
    stop: () => {
      isStopped = true;
      backpressure.release();
      drops.stop();
      drops.asAsked(queues.stop());
    },
    start: () => {
      isStopped = false;
      drops.start();
      queues.start();
    },
    metrics: () => ({
      received,
      dropped: drops.count(),
      unsolicited: drops.unsolicitedCount(),
      waiting: queues.waiting(),
      pauses: backpressure.pauses(),
    }),
  };
};
