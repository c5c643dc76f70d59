import type { Clock } from '../../services/clock.ts';
import type { InboxFigures } from '../../services/figures.ts';
import { callGuarded } from './guard.ts';
import type { InboundMessage } from './message.ts';
import { createTally } from './tally.ts';

export type InputHandler = (message: InboundMessage) => unknown;

/** How much of a class may wait for the input handler, and for how long it may work on one message. */
export interface InboxBounds {
  /** Messages. @defaultValue 10_000 */
  readonly messages: number;
  /** Bytes of payload. @defaultValue 16 MiB */
  readonly bytes: number;
  /** Milliseconds after which the next message of a topic no longer waits. @defaultValue 60_000 */
  readonly handlerMs: number;
}

/** What waits in a queue of its own: commands, which were obeyed before, are not crowded out by the app's inputs. */
export type InboxClass = 'command' | 'input';

/** How often drops are told, milliseconds. */
const warnEveryMs = 10_000;

export const defaultInboxBounds: InboxBounds = { messages: 10_000, bytes: 16 * 1024 * 1024, handlerMs: 60_000 };

export interface Inbox {
  setHandler(handler: InputHandler | undefined): void;
  /** Hands a message to the handler, at once when it is free for that topic, else after those before it. */
  push(message: InboundMessage, of: InboxClass): void;
  /** Drops every message until the result is called or disposed of. */
  hold(): Disposable & (() => void);
  /** Lets go of what waits, and waits for no handler any more. */
  stop(): void;
  figures(): InboxFigures;
}

/** Counts drops, and tells of those for want of room. */
const createDrops = (clock: Clock, warn: (message: string) => void) => {
  let silent = 0;
  const full = createTally(clock, warnEveryMs, (fresh, total) => {
    const news = fresh === total ? '' : `${fresh} more, `;
    warn(`The input handler is too slow: ${news}${total} messages dropped so far. Let it return sooner.`);
  });
  return {
    forRoom: full.add,
    asAsked: (count: number) => {
      silent += count;
    },
    count: () => silent + full.count(),
    stop: full.stop,
  };
};

/** Counts what waits of one class, and keeps it within the bounds. */
const createBacklog = (bounds: InboxBounds) => {
  let messages = 0;
  let bytes = 0;
  return {
    /** @returns Whether there is room for the message. */
    admit: ({ payload }: InboundMessage): boolean => {
      if (messages >= bounds.messages || bytes + payload.length > bounds.bytes) return false;
      messages += 1;
      bytes += payload.length;
      return true;
    },
    release: ({ payload }: InboundMessage) => {
      messages -= 1;
      bytes -= payload.length;
    },
    waiting: () => messages,
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

/** What waits for a topic whose handler is at work. */
interface Lane {
  readonly of: InboxClass;
  readonly waiting: InboundMessage[];
}

/**
 * Brings messages to the input handler: one at a time and in order for each topic, bounded, and without losing a
 * burst while a handler awaits.
 *
 * What passes the bounds is dropped and counted. The socket is not stopped instead: MQTT has one stream for
 * everything, so a command (perhaps the update that mends the handler), the answer to a PINGREQ and every
 * acknowledgement would wait behind the inputs, and the link be taken for dead. Nor are acknowledgements of QoS 1
 * withheld: a broker that has its window full of inputs holds commands back too, and sends all of it again at the
 * next connection.
 */
export const createInbox = (clock: Clock, bounds: InboxBounds, warn: (message: string) => void): Inbox => {
  const lanes = new Map<string, Lane>();
  const backlogs = { command: createBacklog(bounds), input: createBacklog(bounds) };
  const drops = createDrops(clock, warn);
  const holders = createHolders();
  const patience = createPatience(clock, bounds.handlerMs);
  let handler: InputHandler | undefined;
  let isStopped = false;
  let received = 0;

  const work = (message: InboundMessage) => handler && callGuarded('input handler', handler, [message], warn);

  const follow = (topic: string, lane: Lane, working: Promise<void>) => {
    const onLate = () =>
      warn(`The input handler has not settled on ${topic} for ${bounds.handlerMs} ms: going on without it.`);
    if (!isStopped) patience.follow(working, onLate, () => next(topic, lane));
  };

  const next = (topic: string, lane: Lane) => {
    for (let message = lane.waiting.shift(); message; message = lane.waiting.shift()) {
      backlogs[lane.of].release(message);
      const working = work(message);
      if (working) return follow(topic, lane, working);
    }
    lanes.delete(topic);
  };

  return {
    setHandler: (given) => void (handler = given),
    push: (message, of) => {
      received += 1;
      if (isStopped || holders.isHeld()) return drops.asAsked(1);
      const busy = lanes.size === 0 ? undefined : lanes.get(message.topic);
      if (busy) return backlogs[busy.of].admit(message) ? void busy.waiting.push(message) : drops.forRoom();
      if (lanes.size >= bounds.messages) return drops.forRoom();
      const working = work(message);
      if (!working) return;
      const lane: Lane = { of, waiting: [] };
      lanes.set(message.topic, lane);
      follow(message.topic, lane, working);
    },
    hold: holders.hold,
    stop: () => {
      isStopped = true;
      patience.stop();
      drops.stop();
      for (const lane of lanes.values()) {
        drops.asAsked(lane.waiting.length);
        for (const message of lane.waiting.splice(0)) backlogs[lane.of].release(message);
      }
      lanes.clear();
    },
    figures: () => ({
      received,
      dropped: drops.count(),
      waiting: backlogs.command.waiting() + backlogs.input.waiting(),
    }),
  };
};
