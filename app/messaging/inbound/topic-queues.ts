import type { Clock } from '../../../services/clock.ts';
import { withOwnBytes, type InboundMessage } from './message.ts';

/** How much of a class may wait for the input handler, and for how long it may work on one message. */
export interface InboxLimits {
  /** Messages that wait; also topics whose handler is at work. @defaultValue 10_000 */
  readonly messages: number;
  /** Bytes of payload that wait, each message's its own. @defaultValue 16 MiB */
  readonly bytes: number;
  /** Milliseconds after which the next message of a topic no longer waits. @defaultValue 60_000 */
  readonly handlerMs: number;
}

export const defaultInboxLimits: InboxLimits = { messages: 10_000, bytes: 16 * 1024 * 1024, handlerMs: 60_000 };

/** Counts what waits of one class and the topics whose handler is at work, and keeps both within the limits. */
export const createQueueLimits = (limits: InboxLimits) => {
  let messages = 0;
  let bytes = 0;
  let topics = 0;
  return {
    /** @returns Whether there is room for the message. */
    admit: ({ payload }: InboundMessage): boolean => {
      if (messages >= limits.messages || bytes + payload.length > limits.bytes) return false;
      messages += 1;
      bytes += payload.length;
      return true;
    },
    release: ({ payload }: InboundMessage) => {
      messages -= 1;
      bytes -= payload.length;
    },
    /** Whether the handler may begin to work on one topic more. */
    mayBegin: () => topics < limits.messages,
    begin: () => void (topics += 1),
    finish: () => void (topics -= 1),
    waiting: () => messages,
    /** How much of the scarcest room is taken, from 0 to 1. */
    level: () => Math.max(messages / limits.messages, bytes / limits.bytes, topics / limits.messages),
  };
};

/** What waits in a queue of its own: commands, which were obeyed before, are not crowded out by the app's inputs. */
export type InboxClass = 'command' | 'input';

/** Waits for handlers that are at work, for so long and no longer. */
const createPatience = (clock: Clock, limitMs: number, onLate: (topic: string) => void) => {
  const waits = new Set<() => void>();
  let isStopped = false;
  return {
    /** Calls back when the work on a topic is done, or when it has taken too long; once. */
    follow: (topic: string, work: Promise<void>, proceed: () => void) => {
      if (isStopped) return;
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
        onLate(topic);
        end();
      }, limitMs);
      waits.add(giveUp);
      void work.then(end);
    },
    /** Waits for nothing any more. */
    stop: () => {
      isStopped = true;
      for (const giveUp of waits) giveUp();
    },
    /** Waits again after a stop. */
    start: () => {
      isStopped = false;
    },
  };
};

/** What waits for a topic whose handler is at work. */
interface TopicQueue {
  readonly of: InboxClass;
  readonly waiting: InboundMessage[];
}

export interface TopicQueuesParts {
  readonly clock: Clock;
  readonly limits: InboxLimits;
  /** Hands a message over. @returns What to wait for before the next one of its topic; it never rejects. */
  readonly work: (message: InboundMessage) => Promise<void> | undefined;
  /** Called for a topic whose handler has had its time. */
  readonly onLate: (topic: string) => void;
  /** Called when there is room again. */
  readonly onRoom: () => void;
}

/** Hands messages over one at a time and in order for each topic, within the limits of their class. */
export const createTopicQueues = ({ clock, limits, work, onLate, onRoom }: TopicQueuesParts) => {
  const queues = new Map<string, TopicQueue>();
  const room = { command: createQueueLimits(limits), input: createQueueLimits(limits) };
  const patience = createPatience(clock, limits.handlerMs, onLate);
  /** Whether the handler keeps messages while it is at work on them. */
  let isKeeping = false;

  const waiting = () => room.command.waiting() + room.input.waiting();

  const next = (topic: string, queue: TopicQueue) => {
    for (let message = queue.waiting.shift(); message; message = queue.waiting.shift()) {
      room[queue.of].release(message);
      onRoom();
      const working = work(message);
      if (working) return patience.follow(topic, working, () => next(topic, queue));
    }
    queues.delete(topic);
    room[queue.of].finish();
    onRoom();
  };

  const begin = (message: InboundMessage, of: InboxClass): boolean => {
    if (!room[of].mayBegin()) return false;
    const working = work(isKeeping ? withOwnBytes(message) : message);
    if (!working) return true;
    isKeeping = true;
    const queue: TopicQueue = { of, waiting: [] };
    queues.set(message.topic, queue);
    room[of].begin();
    patience.follow(message.topic, working, () => next(message.topic, queue));
    return true;
  };

  return {
    /** @returns Whether there was room. */
    push: (message: InboundMessage, of: InboxClass): boolean => {
      const busy = queues.size === 0 ? undefined : queues.get(message.topic);
      if (!busy) return begin(message, of);
      if (!room[busy.of].admit(message)) return false;
      busy.waiting.push(withOwnBytes(message));
      return true;
    },
    /** Lets go of what waits, and waits for no handler any more. @returns How many messages that were. */
    stop: (): number => {
      patience.stop();
      const dropped = waiting();
      for (const queue of queues.values()) {
        for (const message of queue.waiting.splice(0)) room[queue.of].release(message);
        room[queue.of].finish();
      }
      queues.clear();
      return dropped;
    },
    /** Takes messages again after a stop. */
    start: patience.start,
    waiting,
    /** How much of the room for inputs is taken, from 0 to 1. */
    inputLevel: room.input.level,
  };
};
