import type { Clock } from '../../../services/clock.ts';
import { Expiry } from './expiry.ts';
import { Limits, noRoom } from './limits.ts';
import { isGone, isWaiting, type Message, type PublishRequest, type RestoredMessage, type Topic } from './message.ts';
import { Messages } from './messages.ts';
import type { OutboxBounds, Policies } from './options.ts';
import { dropped, type PublishResult } from './result.ts';
import { watchGates, type OutboundWatch, type Outcome } from './watch.ts';

export interface QueueParts {
  readonly clock: Clock;
  readonly bounds: OutboxBounds;
  readonly policies: Policies;
  readonly warn: (message: string) => void;
  readonly watch?: OutboundWatch | undefined;
}

const notKept = dropped('It can not be sent now, and the policy of its topic is to keep nothing.');

const isUrgent = ({ state, topic }: Message): boolean => state === 'waiting' && !topic.policy.yields;

const firstQos0 = (topics: Iterable<Topic>): Message | undefined => {
  let first: Message | undefined;
  for (const { messages } of topics) {
    const own = messages.find(isWaiting);
    if (own?.qos === 0 && own.order < (first?.order ?? Infinity)) first = own;
  }
  return first;
};

/** What waits for the link or is on it: in order, and within its bounds. */
export class OutboxQueue {
  readonly #policies: Policies;
  readonly #messages: Messages;
  readonly #limits: Limits;
  readonly #expiry: Expiry;
  #lastOrder = 0;

  constructor({ clock, bounds, policies, warn, watch }: QueueParts) {
    this.#policies = policies;
    this.#messages = watchGates(new Messages(policies), watch);
    this.#limits = new Limits(clock, bounds, warn, this.#messages);
    this.#expiry = new Expiry(clock, bounds.ageMs, this.#messages);
  }

  get waiting(): Messages['waiting'] {
    return this.#messages.waiting;
  }

  get sending(): Messages['sending'] {
    return this.#messages.sending;
  }

  get counts(): Messages['counts'] {
    return this.#messages.counts;
  }

  get topics(): ReadonlyMap<string, Topic> {
    return this.#messages.topics;
  }

  /** All messages, oldest first. */
  all(): readonly Message[] {
    return this.#messages.fifo.items();
  }

  move(message: Message, state: 'waiting' | 'sending'): void {
    this.#messages.move(message, state);
  }

  /** A message has come to its end; it counts under its outcome, unless there is a name of its own for it. */
  end(message: Message, result: PublishResult, countAs?: Outcome): PublishResult {
    return this.#messages.end(message, result, countAs);
  }

  /** Ends what is too old. @param bornMs When the oldest was accepted that waits only now. */
  expire(nowMs: number, bornMs?: number): void {
    this.#expiry.expire(nowMs, bornMs);
  }

  /** From now on a timer ends what is too old, also while nothing is published. */
  start(): void {
    this.#expiry.start();
  }

  /** Adds a message behind all others. */
  add(request: PublishRequest, state: 'waiting' | 'sending'): Message {
    this.#lastOrder += 1;
    const message = this.#messages.enter(request, this.#lastOrder, state);
    this.#messages.fifo.push(message);
    message.topic.messages.push(message);
    return message;
  }

  /** Adds messages of earlier runs before all others, oldest first. */
  restore(earlier: readonly RestoredMessage[]): readonly Message[] {
    const restored = earlier.map((request) => this.#messages.enter(request, request.order, 'waiting'));
    this.#messages.fifo.unshift(restored);
    for (const message of restored) message.isQueued = true;
    const byTopic = new Map<Topic, Message[]>(restored.map(({ topic }) => [topic, []]));
    for (const message of restored) byTopic.get(message.topic)?.push(message);
    for (const [topic, own] of byTopic) topic.messages.unshift(own);
    return restored;
  }

  /** Lets a message wait, as the policy of its topic says. @returns Its end, where there is no place for it. */
  wait(message: Message, nowMs: number): PublishResult | undefined {
    if (message.topic.policy.keep === 'none' && !message.isQueued) return this.end(message, notKept);
    this.move(message, 'waiting');
    if (!message.isQueued) this.counts.queued += 1;
    message.isQueued = true;
    this.#expiry.expire(nowMs, message.bornMs);
    this.#limits.makeRoom(message);
    return isGone(message) ? noRoom : undefined;
  }

  /** Ends what is too much or too old of messages of earlier runs; of topics that reject the new, the newest go. */
  trim(restored: readonly Message[], nowMs: number): void {
    for (const message of restored.toReversed()) this.#limits.makeRoom(message);
    this.#expiry.expire(nowMs, restored[0]?.bornMs);
  }

  /** The oldest message that waits and does not yield, else the oldest of those that do. */
  next(): Message | undefined {
    if (this.waiting.messages === 0) return undefined;
    const { fifo } = this.#messages;
    return fifo.find(isUrgent) ?? fifo.find(isWaiting);
  }

  /** The oldest message of QoS 0 that waits and has no other of its topic before it. */
  nextQos0(): Message | undefined {
    return this.waiting.qos0 === 0 ? undefined : firstQos0(this.topics.values());
  }

  /** Asks again for the policy of each topic. */
  reroute(): void {
    for (const topic of this.topics.values()) topic.policy = this.#policies.of(topic.name);
  }

  /** Warns of nothing any more, and leaves no timer. */
  stop(): void {
    this.#limits.stop();
    this.#expiry.stop();
  }
}
