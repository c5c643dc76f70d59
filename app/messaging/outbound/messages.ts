import { Fifo } from '../../../adapters/shared/fifo.ts';
import { isGone, type Message, type PublishRequest, type RestoredMessage, type Topic } from './message.ts';
import type { Policies } from './options.ts';
import { createCounts, type PublishResult } from './result.ts';

/** Topics that stay when nothing of them is left. */
const fewTopics = 64;

/** A message as it comes in: from its publisher, or from an earlier run. */
export type IncomingMessage = PublishRequest & Partial<Pick<RestoredMessage, 'unit' | 'acceptedMs'>>;

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

/** What messages amount to. */
class Amount {
  messages = 0;
  bytes = 0;
  qos0 = 0;
}

/** The messages of all topics, in order, what they amount to, and what they came to. */
export class Messages {
  readonly fifo = new Fifo(isGone);
  readonly waiting: Readonly<Amount> = new Amount();
  readonly sending: Readonly<Amount> = new Amount();
  readonly counts = createCounts();
  readonly #policies: Policies;
  readonly #topics = new Map<string, Topic>();

  constructor(policies: Policies) {
    this.#policies = policies;
  }

  get topics(): ReadonlyMap<string, Topic> {
    return this.#topics;
  }

  move(message: Message, state: 'waiting' | 'sending'): void {
    if (message.state === state) return;
    this.#count(message, -1);
    message.state = state;
    this.#count(message, 1);
  }

  enter(request: IncomingMessage, order: number, state: 'waiting' | 'sending'): Message {
    const topic = this.#topics.get(request.topic) ?? this.#addTopic(request.topic);
    const message = messageOf(request, topic, order, state);
    this.#count(message, 1);
    return message;
  }

  /** A message has come to its end; it counts under its outcome, unless there is a name of its own for it. */
  end(message: Message, result: PublishResult, countAs: keyof typeof this.counts = result.outcome): PublishResult {
    if (message.state === 'gone') return result;
    const { topic } = message;
    this.#count(message, -1);
    message.state = 'gone';
    this.fifo.lost();
    topic.messages.lost();
    if (topic.messages.size === 0) this.#leave(topic);
    message.forget?.(message);
    this.counts[countAs] += 1;
    const { settle } = message;
    message.settle = undefined;
    settle?.(result);
    return result;
  }

  #count({ state, topic, bytes, qos }: Message, by: 1 | -1): void {
    const amount: Amount = state === 'waiting' ? this.waiting : this.sending;
    amount.messages += by;
    amount.bytes += by * bytes;
    if (qos === 0) amount.qos0 += by;
    if (state === 'waiting') topic.waiting += by;
  }

  #addTopic(name: string): Topic {
    const topic = { name, policy: this.#policies.of(name), messages: new Fifo(isGone), waiting: 0, unsecured: 0 };
    this.#topics.set(name, topic);
    return topic;
  }

  /** Nothing of a topic is left: it stays for the next message where there are few. */
  #leave(topic: Topic): void {
    topic.unsecured = 0;
    if (this.#topics.size > fewTopics) this.#topics.delete(topic.name);
  }
}
