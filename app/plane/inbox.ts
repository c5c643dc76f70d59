import type { Clock } from '../../services/clock.ts';
import { callGuarded } from './guard.ts';
import type { InboundMessage } from './message.ts';

export type InputHandler = (message: InboundMessage) => unknown;

/** How much may wait for the input handler, and for how long it may work on one message. */
export interface InboxBounds {
  /** Messages. @defaultValue 10_000 */
  readonly messages: number;
  /** Bytes of payload. @defaultValue 16 MiB */
  readonly bytes: number;
  /** Milliseconds after which the next message of a topic no longer waits. @defaultValue 60_000 */
  readonly handlerMs: number;
}

export const defaultInboxBounds: InboxBounds = { messages: 10_000, bytes: 16 * 1024 * 1024, handlerMs: 60_000 };

/** How the inbox stands. */
export interface InboxFigures {
  readonly received: number;
  readonly dropped: number;
  readonly waiting: number;
}

export interface Inbox {
  setHandler(handler: InputHandler | undefined): void;
  /** Hands a message to the handler, at once when it is free for that topic, else after those before it. */
  push(message: InboundMessage): void;
  /** Drops every message until the result is called or disposed of. */
  hold(): Disposable & (() => void);
  figures(): InboxFigures;
}

/**
 * Brings messages to the input handler: one at a time and in order for each topic, bounded, and without losing a
 * burst while a handler awaits.
 */
export const createInbox = (clock: Clock, bounds: InboxBounds, warn: (message: string) => void): Inbox => {
  const lanes = new Map<string, InboundMessage[]>();
  let handler: InputHandler | undefined;
  let holders = 0;
  let received = 0;
  let dropped = 0;
  let waiting = 0;
  let waitingBytes = 0;
  let warnedAt = Number.NEGATIVE_INFINITY;

  const drop = () => {
    dropped += 1;
    if (clock.monotonic() - warnedAt < 10_000) return;
    warnedAt = clock.monotonic();
    warn(`The input handler is too slow: ${dropped} messages dropped so far. Let it return sooner.`);
  };

  const enqueue = (lane: InboundMessage[], message: InboundMessage) => {
    if (waiting >= bounds.messages || waitingBytes + message.payload.length > bounds.bytes) return drop();
    lane.push(message);
    waiting += 1;
    waitingBytes += message.payload.length;
  };

  const next = (topic: string, lane: InboundMessage[]) => {
    for (let message = lane.shift(); message; message = lane.shift()) {
      waiting -= 1;
      waitingBytes -= message.payload.length;
      const working = work(message);
      if (working) return follow(topic, lane, working);
    }
    lanes.delete(topic);
  };

  const follow = (topic: string, lane: InboundMessage[], working: Promise<void>) => {
    let isOver = false;
    const proceed = () => {
      if (isOver) return;
      isOver = true;
      clock.clearTimeout(timer);
      next(topic, lane);
    };
    const timer = clock.setTimeout(() => {
      warn(`The input handler has not settled on ${topic} for ${bounds.handlerMs} ms: going on without it.`);
      proceed();
    }, bounds.handlerMs);
    void working.then(proceed);
  };

  const work = (message: InboundMessage) => handler && callGuarded('input handler', handler, [message], warn);

  return {
    setHandler: (given) => {
      handler = given;
    },
    push: (message) => {
      received += 1;
      if (holders > 0) return void (dropped += 1);
      const lane = lanes.size === 0 ? undefined : lanes.get(message.topic);
      if (lane) return enqueue(lane, message);
      const working = work(message);
      if (!working) return;
      const started: InboundMessage[] = [];
      lanes.set(message.topic, started);
      follow(message.topic, started, working);
    },
    hold: () => {
      holders += 1;
      let isHeld = true;
      const release = () => {
        if (isHeld) holders -= 1;
        isHeld = false;
      };
      return Object.assign(release, { [Symbol.dispose]: release });
    },
    figures: () => ({ received, dropped, waiting }),
  };
};
