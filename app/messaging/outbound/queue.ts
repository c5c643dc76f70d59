import { Fifo } from '../../../adapters/shared/fifo.ts';
import type { Clock } from '../../../services/clock.ts';
import { createDropWarnings } from '../throttled-warning.ts';
import type { Message, PublishRequest, RestoredMessage, Topic } from './message.ts';
import type { OutboxBounds, Policies } from './options.ts';
import { createCounts, dropped, expired, type PublishResult } from './result.ts';
import { watchGates, type OutboundWatch } from './watch.ts';

export interface QueueParts {
  readonly clock: Clock;
  readonly bounds: OutboxBounds;
  readonly policies: Policies;
  readonly warn: (message: string) => void;
  readonly watch?: OutboundWatch | undefined;
}

const notKept = dropped('It can not be sent now, and the policy of its topic is to keep nothing.');
const noRoom = dropped('The outbox is full.');
const outdated = dropped('A newer message of its topic took its place.');
const tooOld = expired('It waited for longer than the outbox keeps messages.');

/** Topics that stay when nothing of them is left. */
const fewTopics = 64;

const isGone = ({ state }: Message): boolean => state === 'gone';
const isWaiting = ({ state }: Message): boolean => state === 'waiting';
const isUrgent = ({ state, topic }: Message): boolean => state === 'waiting' && !topic.policy.yields;
const canGo = ({ state, topic }: Message): boolean => state === 'waiting' && topic.policy.whenFull === 'dropOldest';

const firstQos0 = (topics: Iterable<Topic>): Message | undefined => {
  let first: Message | undefined;
  for (const { messages } of topics) {
    const own = messages.find(isWaiting);
    if (own?.qos === 0 && own.order < (first?.order ?? Infinity)) first = own;
  }
  return first;
};

type IncomingMessage = PublishRequest & Partial<Pick<RestoredMessage, 'unit' | 'acceptedMs'>>;

const messageOf = (request: IncomingMessage, topic: Topic, order: number, state: 'waiting' | 'sending'): Message => ({
  order,
  topic,
  payload: request.payload,
  qos: request.qos,
  retain: request.retain,
  bytes: request.bytes,
  bornMs: request.bornMs,
  acceptedMs: request.acceptedMs,
  unit: request.unit,
  state,
  isStored: false,
  isQueued: false,
  forget: undefined,
  settle: undefined,
  tellsEnd: false,
});

/** The messages of all topics, in order, what they amount to, and what they came to. */
const createMessages = (policies: Policies) => {
  const topics = new Map<string, Topic>();
  const all = new Fifo(isGone);
  const waiting = { messages: 0, bytes: 0, qos0: 0 };
  const sending = { messages: 0, bytes: 0, qos0: 0 };
  const counts = createCounts();
  const count = ({ state, topic, bytes, qos }: Message, by: 1 | -1) => {
    const amount = state === 'waiting' ? waiting : sending;
    amount.messages += by;
    amount.bytes += by * bytes;
    if (qos === 0) amount.qos0 += by;
    if (state === 'waiting') topic.waiting += by;
  };
  const addTopic = (name: string): Topic => {
    const topic = { name, policy: policies.of(name), messages: new Fifo(isGone), waiting: 0, unsecured: 0 };
    topics.set(name, topic);
    return topic;
  };
  /** Nothing of a topic is left: it stays for the next message where there are few. */
  const leave = (topic: Topic) => {
    topic.unsecured = 0;
    if (topics.size > fewTopics) topics.delete(topic.name);
  };
  return {
    all,
    waiting,
    sending,
    counts,
    topics: topics as ReadonlyMap<string, Topic>,
    move: (message: Message, state: 'waiting' | 'sending') => {
      if (message.state === state) return;
      count(message, -1);
      message.state = state;
      count(message, 1);
    },
    enter: (request: IncomingMessage, order: number, state: 'waiting' | 'sending'): Message => {
      const message = messageOf(request, topics.get(request.topic) ?? addTopic(request.topic), order, state);
      count(message, 1);
      return message;
    },
    /** A message has come to its end; it counts under its outcome, unless there is a name of its own for it. */
    end: (message: Message, result: PublishResult, countAs: keyof typeof counts = result.outcome): PublishResult => {
      if (message.state === 'gone') return result;
      const { topic } = message;
      count(message, -1);
      message.state = 'gone';
      all.lost();
      topic.messages.lost();
      if (topic.messages.size === 0) leave(topic);
      message.forget?.(message);
      counts[countAs] += 1;
      const { settle } = message;
      message.settle = undefined;
      settle?.(result);
      return result;
    },
  };
};

type Messages = ReturnType<typeof createMessages>;

/** Ends messages that are too many. */
const createLimits = ({ clock, bounds, warn }: QueueParts, { all, waiting, end }: Messages) => {
  const warnings = createDropWarnings(clock, warn);
  let isOverflowing = false;
  /** The message that has to go so that the bounds hold, now that this one waits; none when they hold. */
  const surplusOf = (added: Message): Message | undefined => {
    const { policy, waiting: ownWaiting, messages: own } = added.topic;
    if (added.bytes > bounds.bytes) return added;
    if (policy.keep === 'latest' && ownWaiting > 1) return own.find(isWaiting);
    const isTopicOver = ownWaiting > policy.messages;
    if (!isTopicOver && waiting.messages <= bounds.messages && waiting.bytes <= bounds.bytes) return undefined;
    if (policy.whenFull === 'rejectNew') return added;
    return (isTopicOver ? own.find(isWaiting) : all.find(canGo)) ?? added;
  };
  const drop = (surplus: Message) => {
    const { name, policy, waiting: ownWaiting } = surplus.topic;
    if (policy.keep === 'latest' && ownWaiting > 1) return end(surplus, outdated, 'replaced');
    end(surplus, noRoom);
    // The warning may be published, and find the outbox full itself.
    if (ownWaiting > policy.messages) return warnings.fullTopic.add(name);
    isOverflowing = true;
    return warnings.full.add();
  };
  return {
    /** Now that this message waits, others may have to go, or itself. */
    makeRoom: (added: Message) => {
      const others = { messages: waiting.messages - 1, bytes: waiting.bytes - added.bytes };
      if (isOverflowing && others.messages <= bounds.messages / 2 && others.bytes <= bounds.bytes / 2) {
        isOverflowing = false;
        warnings.full.reset();
      }
      for (let surplus = surplusOf(added); surplus && isWaiting(added); surplus = surplusOf(added)) drop(surplus);
    },
    stop: () => {
      warnings.full.stop();
      warnings.fullTopic.stop();
    },
  };
};

/** Ends messages that are too old. */
const createExpiry = ({ clock, bounds }: QueueParts, { all, end }: Messages) => {
  /** Until then nothing that waits is too old. */
  let dueMs = Infinity;
  let isTimed = false;
  let timer: unknown;
  const expire = (nowMs: number) => {
    let oldest = all.find(isWaiting);
    for (; oldest && nowMs - oldest.bornMs > bounds.ageMs; oldest = all.find(isWaiting)) end(oldest, tooOld);
    dueMs = oldest ? oldest.bornMs + bounds.ageMs : Infinity;
    if (!isTimed || !oldest || timer !== undefined) return;
    timer = clock.setTimeout(
      () => {
        timer = undefined;
        expire(clock.monotonic());
      },
      dueMs - nowMs + 1,
    );
  };
  return {
    /** Ends what is too old. @param bornMs When the oldest was accepted that waits only now. */
    expire: (nowMs: number, bornMs = Infinity) => {
      dueMs = Math.min(dueMs, bornMs + bounds.ageMs);
      if (nowMs > dueMs || (isTimed && timer === undefined)) expire(nowMs);
    },
    /** From now on a timer ends what is too old, also while nothing is published. */
    start: () => {
      isTimed = true;
      expire(clock.monotonic());
    },
    stop: () => {
      isTimed = false;
      clock.clearTimeout(timer);
    },
  };
};

/** What waits for the link or is on it: in order, and within its bounds. */
export const createQueue = (parts: QueueParts) => {
  const messages = watchGates(createMessages(parts.policies), parts.watch);
  const limits = createLimits(parts, messages);
  const expiry = createExpiry(parts, messages);
  const { all, waiting, topics, counts, enter, move, end } = messages;
  let lastOrder = 0;
  return {
    expire: expiry.expire,
    start: expiry.start,
    ...messages, // Not first: V8 would give each unit a hidden class of its own.
    /** All messages, oldest first. */
    all: () => all.items(),
    /** Adds a message behind all others. */
    add: (request: PublishRequest, state: 'waiting' | 'sending'): Message => {
      lastOrder += 1;
      const message = enter(request, lastOrder, state);
      all.push(message);
      message.topic.messages.push(message);
      return message;
    },
    /** Adds messages of earlier runs before all others, oldest first. */
    restore: (earlier: readonly RestoredMessage[]): readonly Message[] => {
      const restored = earlier.map((request) => enter(request, request.order, 'waiting'));
      all.unshift(restored);
      for (const message of restored) message.isQueued = true;
      const byTopic = new Map<Topic, Message[]>(restored.map(({ topic }) => [topic, []]));
      for (const message of restored) byTopic.get(message.topic)?.push(message);
      for (const [topic, own] of byTopic) topic.messages.unshift(own);
      return restored;
    },
    /** Lets a message wait, as the policy of its topic says. @returns Its end, where there is no place for it. */
    wait: (message: Message, nowMs: number): PublishResult | undefined => {
      if (message.topic.policy.keep === 'none' && !message.isQueued) return end(message, notKept);
      move(message, 'waiting');
      if (!message.isQueued) counts.queued += 1;
      message.isQueued = true;
      expiry.expire(nowMs, message.bornMs);
      limits.makeRoom(message);
      return isGone(message) ? noRoom : undefined;
    },
    /** Ends what is too much or too old of messages of earlier runs; of topics that reject the new, the newest go. */
    trim: (restored: readonly Message[], nowMs: number) => {
      restored.toReversed().forEach(limits.makeRoom);
      expiry.expire(nowMs, restored[0]?.bornMs);
    },
    /** The oldest message that waits and does not yield, else the oldest of those that do. */
    next: () => (waiting.messages === 0 ? undefined : (all.find(isUrgent) ?? all.find(isWaiting))),
    /** The oldest message of QoS 0 that waits and has no other of its topic before it. */
    nextQos0: () => (waiting.qos0 === 0 ? undefined : firstQos0(topics.values())),
    /** Asks again for the policy of each topic. */
    reroute: () => {
      for (const topic of topics.values()) topic.policy = parts.policies.of(topic.name);
    },
    /** Warns of nothing any more, and leaves no timer. */
    stop: () => {
      limits.stop();
      expiry.stop();
    },
  };
};

export type OutboxQueue = ReturnType<typeof createQueue>;
