import type { Clock } from '../../../services/clock.ts';
import { createDropWarnings } from '../throttled-warning.ts';
import { isWaiting, type Message } from './message.ts';
import type { Messages } from './messages.ts';
import type { OutboxBounds } from './options.ts';
import { dropped } from './result.ts';

/** The end of a message that there is no place for. */
export const noRoom = dropped('The outbox is full.');
const outdated = dropped('A newer message of its topic took its place.');

const canGo = ({ state, topic }: Message): boolean => state === 'waiting' && topic.policy.whenFull === 'dropOldest';

/** Ends messages that are too many. */
export class Limits {
  readonly #bounds: OutboxBounds;
  readonly #messages: Messages;
  readonly #warnings: ReturnType<typeof createDropWarnings>;
  #isOverflowing = false;

  constructor(clock: Clock, bounds: OutboxBounds, warn: (message: string) => void, messages: Messages) {
    this.#bounds = bounds;
    this.#messages = messages;
    this.#warnings = createDropWarnings(clock, warn);
  }

  /** Now that this message waits, others may have to go, or itself. */
  makeRoom(added: Message): void {
    this.#calmDown(added);
    for (let surplus = this.#surplusOf(added); surplus && isWaiting(added); surplus = this.#surplusOf(added)) {
      this.#drop(surplus);
    }
  }

  /** Warns of nothing any more. */
  stop(): void {
    this.#warnings.full.stop();
    this.#warnings.fullTopic.stop();
  }

  /** The outbox was full, and is half empty, besides this message: that it is full is news again. */
  #calmDown({ bytes }: Message): void {
    const { waiting } = this.#messages;
    const { messages: mostMessages, bytes: mostBytes } = this.#bounds;
    if (!this.#isOverflowing || waiting.messages - 1 > mostMessages / 2 || waiting.bytes - bytes > mostBytes / 2)
      return;
    this.#isOverflowing = false;
    this.#warnings.full.reset();
  }

  /** The message that has to go so that the bounds hold, now that this one waits; none when they hold. */
  #surplusOf(added: Message): Message | undefined {
    const { policy, waiting: ownWaiting, messages: own } = added.topic;
    const { waiting, fifo } = this.#messages;
    const bounds = this.#bounds;
    if (added.bytes > bounds.bytes) return added;
    if (policy.keep === 'latest' && ownWaiting > 1) return own.find(isWaiting);
    const isTopicOver = ownWaiting > policy.messages;
    if (!isTopicOver && waiting.messages <= bounds.messages && waiting.bytes <= bounds.bytes) return undefined;
    if (policy.whenFull === 'rejectNew') return added;
    return (isTopicOver ? own.find(isWaiting) : fifo.find(canGo)) ?? added;
  }

  #drop(surplus: Message): void {
    const { name, policy, waiting: ownWaiting } = surplus.topic;
    if (policy.keep === 'latest' && ownWaiting > 1) {
      this.#messages.end(surplus, outdated, 'replaced');
      return;
    }
    this.#messages.end(surplus, noRoom);
    // The warning may be published, and find the outbox full itself.
    if (ownWaiting > policy.messages) {
      this.#warnings.fullTopic.add(name);
    } else {
      this.#isOverflowing = true;
      this.#warnings.full.add();
    }
  }
}
