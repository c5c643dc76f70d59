import { createFifo, type Fifo } from '../../../adapters/shared/fifo.ts';
import type { Qos } from '../../../services/broker.ts';
import type { OutboxBounds, Policies, Policy } from './options.ts';
import type { PublishResult } from './result.ts';

/** A message on its way: it waits, or the link has it and owes an acknowledgement, or it has left. */
export interface Message {
  /** Its place among all messages of this run; those of earlier runs have numbers below one. */
  readonly order: number;
  readonly lane: Lane;
  readonly payload: Uint8Array | string;
  readonly qos: Qos;
  readonly retain: boolean;
  /** What it counts for in the bounds. */
  readonly bytes: number;
  /** When it was accepted, on the monotonic clock. */
  readonly bornMs: number;
  state: 'waiting' | 'sending' | 'gone';
  /** Whether the store has it. */
  isStored: boolean;
  /** Whether its publisher was told that it is kept. */
  isQueued: boolean;
  /** UUID of the unit whose message it is, where an earlier run has noted it. */
  readonly unit: string | undefined;
  /** Told of its end, where somebody waits for that. */
  settle: ((result: PublishResult) => void) | undefined;
}

/** The messages of one topic. */
export interface Lane {
  readonly topic: string;
  policy: Policy;
  readonly messages: Fifo<Message>;
  waiting: number;
  /** Messages of QoS 1 and 2 that the link has, and that nobody has asked to be written to the store yet. */
  unsecured: number;
}

/** What waits, and how many of that are of QoS 0. */
interface Waiting extends Amount {
  qos0: number;
}

/** Messages and bytes. */
export interface Amount {
  messages: number;
  bytes: number;
}

export interface OutboxQueue {
  readonly waiting: Readonly<Amount>;
  readonly sending: Readonly<Amount>;
  /** Whether a message of this topic waits. */
  isBusy(topic: string): boolean;
  /** Where the messages of a topic go; forgotten as soon as the last of them is gone. */
  laneOf(topic: string): Lane;
  add(message: Message): void;
  /** Adds messages of earlier runs before all others. */
  restore(messages: readonly Message[]): void;
  move(message: Message, state: Message['state']): void;
  /** The oldest message that waits. */
  first(): Message | undefined;
  /** The oldest message that waits and does not yield, else the oldest of those that do. */
  next(): Message | undefined;
  /** The oldest message of QoS 0 that waits and has no other of its topic before it. */
  nextQos0(): Message | undefined;
  policyOf(topic: string): Policy;
  /** The message that has to go so that the bounds hold, now that this one waits; none when they hold. */
  surplus(added: Message): Message | undefined;
  /** All messages, oldest first. */
  all(): readonly Message[];
  /** Asks again for the policy of each topic. */
  reroute(): void;
}

const isGone = ({ state }: Message): boolean => state === 'gone';
const isUrgent = ({ state, lane }: Message): boolean => state === 'waiting' && !lane.policy.yields;
const isWaiting = ({ state }: Message): boolean => state === 'waiting';
const canGo = ({ state, lane }: Message): boolean => state === 'waiting' && lane.policy.whenFull === 'dropOldest';

const firstQos0 = (lanes: Iterable<Lane>): Message | undefined => {
  let first: Message | undefined;
  for (const { messages } of lanes) {
    const own = messages.find(isWaiting);
    if (own?.qos === 0 && own.order < (first?.order ?? Infinity)) first = own;
  }
  return first;
};

/** The lanes that hold messages, and what all of them amount to. */
const createLanes = (policies: Policies) => {
  const lanes = new Map<string, Lane>();
  const waiting: Waiting = { messages: 0, bytes: 0, qos0: 0 };
  const amounts = { waiting, sending: { messages: 0, bytes: 0 } };
  const laneOf = (topic: string): Lane => {
    const known = lanes.get(topic);
    if (known) return known;
    const lane = { topic, policy: policies.of(topic), messages: createFifo(isGone), waiting: 0, unsecured: 0 };
    lanes.set(topic, lane);
    return lane;
  };
  const count = ({ state, lane, bytes, qos }: Message, by: 1 | -1) => {
    if (state === 'gone') return;
    amounts[state].messages += by;
    amounts[state].bytes += by * bytes;
    if (state !== 'waiting') return;
    lane.waiting += by;
    if (qos === 0) waiting.qos0 += by;
  };
  return {
    lanes,
    amounts,
    laneOf,
    enter: (message: Message) => count(message, 1),
    move: (message: Message, state: Message['state']) => {
      count(message, -1);
      message.state = state;
      count(message, 1);
    },
    leave: ({ lane }: Message) => {
      lane.messages.lost();
      if (lane.messages.size === 0) lanes.delete(lane.topic);
    },
  };
};

/** The messages of all topics, in order, and what they amount to. */
export const createQueue = (bounds: OutboxBounds, policies: Policies): OutboxQueue => {
  const { lanes, amounts, laneOf, enter, move, leave } = createLanes(policies);
  const { waiting, sending } = amounts;
  const messages = createFifo(isGone);
  const isOver = () => waiting.messages > bounds.messages || waiting.bytes > bounds.bytes;
  return {
    waiting,
    sending,
    isBusy: (topic) => (lanes.get(topic)?.waiting ?? 0) > 0,
    laneOf,
    add: (message) => {
      enter(message);
      messages.push(message);
      message.lane.messages.push(message);
    },
    restore: (restored) => {
      restored.forEach(enter);
      messages.unshift(restored);
      for (const lane of new Set(restored.map((message) => message.lane))) {
        lane.messages.unshift(restored.filter((message) => message.lane === lane));
      }
    },
    move: (message, state) => {
      if (message.state === state) return;
      move(message, state);
      if (state !== 'gone') return;
      messages.lost();
      leave(message);
    },
    first: () => (waiting.messages === 0 ? undefined : messages.find(isWaiting)),
    next: () => (waiting.messages === 0 ? undefined : (messages.find(isUrgent) ?? messages.find(isWaiting))),
    nextQos0: () => (waiting.qos0 === 0 ? undefined : firstQos0(lanes.values())),
    policyOf: (topic) => lanes.get(topic)?.policy ?? policies.of(topic),
    surplus: (added) => {
      const { policy, waiting: inLane, messages: own } = added.lane;
      const goes = (oldest: Message | undefined) => (policy.whenFull === 'rejectNew' ? added : (oldest ?? added));
      if (added.bytes > bounds.bytes) return isWaiting(added) ? added : undefined;
      if (policy.keep === 'latest' && inLane > 1) return own.find(isWaiting);
      if (inLane > policy.messages) return goes(own.find(isWaiting));
      return isOver() ? goes(messages.find(canGo)) : undefined;
    },
    all: () => messages.items(),
    reroute: () => {
      for (const lane of lanes.values()) lane.policy = policies.of(lane.topic);
    },
  };
};
