import type { Clock } from '../../services/clock.ts';
import type { InboxFigures } from '../../services/figures.ts';
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

/** How long a warning about drops stands for those after it. */
const warnEveryMs = 10_000;

export const defaultInboxBounds: InboxBounds = { messages: 10_000, bytes: 16 * 1024 * 1024, handlerMs: 60_000 };

export interface Inbox {
  setHandler(handler: InputHandler | undefined): void;
  /** Hands a message to the handler, at once when it is free for that topic, else after those before it. */
  push(message: InboundMessage): void;
  /** Drops every message until the result is called or disposed of. */
  hold(): Disposable & (() => void);
  /** Lets go of what waits, and waits for no handler any more. */
  stop(): void;
  figures(): InboxFigures;
}

/** Counts what waits, keeps it within the bounds, and tells now and then what it had to drop. */
const createBacklog = (clock: Clock, bounds: InboxBounds, warn: (message: string) => void) => {
  let messages = 0;
  let bytes = 0;
  let dropped = 0;
  let warnedAt = Number.NEGATIVE_INFINITY;
  const tellDrops = () => {
    if (clock.monotonic() - warnedAt < warnEveryMs) return;
    warnedAt = clock.monotonic();
    warn(`The input handler is too slow: ${dropped} messages dropped so far. Let it return sooner.`);
  };
  return {
    drop: () => {
      dropped += 1;
    },
    /** @returns Whether there is room for the message; one that has none is dropped. */
    admit: ({ payload }: InboundMessage): boolean => {
      if (messages >= bounds.messages || bytes + payload.length > bounds.bytes) {
        dropped += 1;
        tellDrops();
        return false;
      }
      messages += 1;
      bytes += payload.length;
      return true;
    },
    release: ({ payload }: InboundMessage) => {
      messages -= 1;
      bytes -= payload.length;
    },
    letGo: ({ payload }: InboundMessage) => {
      messages -= 1;
      bytes -= payload.length;
      dropped += 1;
    },
    figures: () => ({ dropped, waiting: messages }),
  };
};

/** Waits for handlers that are at work, for so long and no longer. */
const createPatience = (clock: Clock, limitMs: number) => {
  const waits = new Set<() => void>();
  return {
    /** Calls back when the work is done, or when it has taken too long; once. */
    follow: (work: Promise<void>, onLate: () => void, proceed: () => void) => {
      const giveUp = () => {
        waits.delete(giveUp);
        clock.clearTimeout(timer);
      };
      const end = () => {
        if (!waits.has(giveUp)) return;
        giveUp();
        proceed();
      };
      const timer = clock.setTimeout(() => {
        onLate();
        end();
      }, limitMs);
      waits.add(giveUp);
      void work.then(end);
    },
    stop: () => {
      for (const giveUp of waits) giveUp();
    },
  };
};

/**
 * Brings messages to the input handler: one at a time and in order for each topic, bounded, and without losing a
 * burst while a handler awaits.
 */
export const createInbox = (clock: Clock, bounds: InboxBounds, warn: (message: string) => void): Inbox => {
  /** What waits for each topic whose handler is at work. */
  const lanes = new Map<string, InboundMessage[]>();
  const backlog = createBacklog(clock, bounds, warn);
  const patience = createPatience(clock, bounds.handlerMs);
  let handler: InputHandler | undefined;
  let isStopped = false;
  let holders = 0;
  let received = 0;

  const work = (message: InboundMessage) => handler && callGuarded('input handler', handler, [message], warn);

  const follow = (topic: string, lane: InboundMessage[], working: Promise<void>) => {
    const onLate = () =>
      warn(`The input handler has not settled on ${topic} for ${bounds.handlerMs} ms: going on without it.`);
    if (!isStopped) patience.follow(working, onLate, () => next(topic, lane));
  };

  const next = (topic: string, lane: InboundMessage[]) => {
    for (let message = lane.shift(); message; message = lane.shift()) {
      backlog.release(message);
      const working = work(message);
      if (working) return follow(topic, lane, working);
    }
    lanes.delete(topic);
  };

  return {
    setHandler: (given) => {
      handler = given;
    },
    push: (message) => {
      received += 1;
      if (holders > 0 || isStopped) return backlog.drop();
      const lane = lanes.size === 0 ? undefined : lanes.get(message.topic);
      if (lane) return void (backlog.admit(message) && lane.push(message));
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
    stop: () => {
      isStopped = true;
      patience.stop();
      for (const lane of lanes.values()) lane.splice(0).forEach(backlog.letGo);
      lanes.clear();
    },
    figures: () => ({ received, ...backlog.figures() }),
  };
};
