import type { Clock } from '../../../services/clock.ts';
import type { InboxMetrics } from '../../../services/metrics.ts';
import { callGuarded } from '../call-user.ts';
import { Backpressure } from './backpressure.ts';
import { TopicQueues, type InboxClass, type InboxLimits } from './topic-queues.ts';
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
class Drops {
  readonly #full: ThrottledWarning;
  readonly #unsolicited: ThrottledWarning;
  #silent = 0;

  constructor(clock: Clock, warn: (message: string) => void) {
    this.#full = new ThrottledWarning(clock, warnEveryMs, (fresh, total) => {
      const news = fresh === total ? '' : `${fresh} more, `;
      warn(`The input handler is too slow: ${news}${total} messages dropped so far. Let it return sooner.`);
    });
    this.#unsolicited = new ThrottledWarning(clock, unsolicitedEveryMs, (fresh, total, topic) => {
      const what = fresh === total ? 'A message' : `${fresh} more messages (${total} so far)`;
      warn(`${what} on topics that the unit has not subscribed to, the last one on ${topic.slice(0, 200)}: dropped.`);
    });
  }

  forRoom(): void {
    this.#full.add();
  }

  unsolicited(topic: string): void {
    this.#unsolicited.add(topic);
  }

  asAsked(count: number): void {
    this.#silent += count;
  }

  count(): number {
    return this.#silent + this.#full.count();
  }

  unsolicitedCount(): number {
    return this.#unsolicited.count();
  }

  stop(): void {
    this.#full.stop();
    this.#unsolicited.stop();
  }

  start(): void {
    this.#full.start();
    this.#unsolicited.start();
  }
}

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
class BoundedInbox implements Inbox {
  readonly #warn: (message: string) => void;
  readonly #drops: Drops;
  readonly #queues: TopicQueues;
  readonly #backpressure: Backpressure;
  #handler: InputHandler | undefined;
  /** Those who want nothing to come in. */
  #holders = 0;
  #isStopped = false;
  #received = 0;

  constructor({ clock, limits, pauseMs, warn }: InboxParts) {
    this.#warn = warn;
    this.#drops = new Drops(clock, warn);
    this.#queues = new TopicQueues({
      clock,
      limits,
      work: (message) => this.#handle(message),
      onLate: (topic) =>
        warn(`The input handler has not settled on ${topic} for ${limits.handlerMs} ms: going on without it.`),
      onRoom: () => this.#backpressure.ease(),
    });
    this.#backpressure = new Backpressure(clock, () => this.#queues.inputLevel(), pauseMs);
  }

  setHandler(handler: InputHandler | undefined): void {
    this.#handler = handler;
  }

  passOver(topic: string): void {
    this.#drops.unsolicited(topic);
  }

  push(message: InboundMessage, of: InboxClass): Promise<void> | undefined {
    this.#received += 1;
    if (this.#isStopped || this.#holders > 0) {
      this.#drops.asAsked(1);
      return undefined;
    }
    if (!this.#queues.push(message, of)) this.#drops.forRoom();
    return this.#backpressure.check();
  }

  hold(): Disposable & (() => void) {
    this.#backpressure.release();
    this.#holders += 1;
    let isHeld = true;
    const release = () => {
      if (isHeld) this.#holders -= 1;
      isHeld = false;
    };
    return Object.assign(release, { [Symbol.dispose]: release });
  }

  stop(): void {
    this.#isStopped = true;
    this.#backpressure.release();
    this.#drops.stop();
    this.#drops.asAsked(this.#queues.stop());
  }

  start(): void {
    this.#isStopped = false;
    this.#drops.start();
    this.#queues.start();
  }

  metrics(): InboxMetrics {
    return {
      received: this.#received,
      dropped: this.#drops.count(),
      unsolicited: this.#drops.unsolicitedCount(),
      waiting: this.#queues.waiting(),
      pauses: this.#backpressure.pauses(),
    };
  }

  #handle(message: InboundMessage): Promise<void> | undefined {
    return this.#handler && callGuarded('input handler', this.#handler, [message], this.#warn);
  }
}

/** Creates the inbox of a unit. */
export const createInbox = (parts: InboxParts): Inbox => new BoundedInbox(parts);
