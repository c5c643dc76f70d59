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
export class QueueRoom {
  readonly #limits: InboxLimits;
  #messages = 0;
  #bytes = 0;
  #topics = 0;

  constructor(limits: InboxLimits) {
    this.#limits = limits;
  }

  /** @returns Whether there is room for the message. */
  admit({ payload }: InboundMessage): boolean {
    if (this.#messages >= this.#limits.messages || this.#bytes + payload.length > this.#limits.bytes) return false;
    this.#messages += 1;
    this.#bytes += payload.length;
    return true;
  }

  release({ payload }: InboundMessage): void {
    this.#messages -= 1;
    this.#bytes -= payload.length;
  }

  /** Whether the handler may begin to work on one topic more. */
  mayBegin(): boolean {
    return this.#topics < this.#limits.messages;
  }

  begin(): void {
    this.#topics += 1;
  }

  finish(): void {
    this.#topics -= 1;
  }

  waiting(): number {
    return this.#messages;
  }

  /** How much of the scarcest room is taken, from 0 to 1. */
  level(): number {
    const { messages, bytes } = this.#limits;
    return Math.max(this.#messages / messages, this.#bytes / bytes, this.#topics / messages);
  }
}

/** What waits in a queue of its own: commands, which were obeyed before, are not crowded out by the app's inputs. */
export type InboxClass = 'command' | 'input';

/** Waits for handlers that are at work, for so long and no longer. */
class Patience {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onLate: (topic: string) => void;
  #waits: Set<() => void> | undefined;
  #isStopped = false;

  constructor(clock: Clock, limitMs: number, onLate: (topic: string) => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onLate = onLate;
  }

  /** Calls back when the work on a topic is done, or when it has taken too long; once. */
  follow(topic: string, work: Promise<void>, proceed: () => void): void {
    if (this.#isStopped) return;
    const waits = (this.#waits ??= new Set());
    const giveUp = () => {
      waits.delete(giveUp);
      this.#clock.clearTimeout(timer);
    };
    const end = () => {
      if (!waits.has(giveUp)) return;
      giveUp();
      proceed();
    };
    const timer = this.#clock.setTimeout(() => {
      this.#onLate(topic);
      end();
    }, this.#limitMs);
    waits.add(giveUp);
    void work.then(end);
  }

  /** Waits for nothing any more. */
  stop(): void {
    this.#isStopped = true;
    for (const giveUp of this.#waits ?? []) giveUp();
  }

  /** Waits again after a stop. */
  start(): void {
    this.#isStopped = false;
  }
}

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
export class TopicQueues {
  readonly #parts: TopicQueuesParts;
  readonly #patience: Patience;
  readonly #room: Readonly<Record<InboxClass, QueueRoom>>;
  #queues: Map<string, TopicQueue> | undefined;
  /** Whether the handler keeps messages while it is at work on them. */
  #isKeeping = false;

  constructor(parts: TopicQueuesParts) {
    const { clock, limits, onLate } = parts;
    this.#parts = parts;
    this.#patience = new Patience(clock, limits.handlerMs, onLate);
    this.#room = { command: new QueueRoom(limits), input: new QueueRoom(limits) };
  }

  /** @returns Whether there was room. */
  push(message: InboundMessage, of: InboxClass): boolean {
    const busy = this.#queues?.get(message.topic);
    if (!busy) return this.#begin(message, of);
    if (!this.#room[busy.of].admit(message)) return false;
    busy.waiting.push(withOwnBytes(message));
    return true;
  }

  /** Lets go of what waits, and waits for no handler any more. @returns How many messages that were. */
  stop(): number {
    this.#patience.stop();
    const dropped = this.waiting();
    for (const { of, waiting } of this.#queues?.values() ?? []) {
      for (const message of waiting.splice(0)) this.#room[of].release(message);
      this.#room[of].finish();
    }
    this.#queues = undefined;
    return dropped;
  }

  /** Takes messages again after a stop. */
  start(): void {
    this.#patience.start();
  }

  waiting(): number {
    return this.#room.command.waiting() + this.#room.input.waiting();
  }

  /** How much of the room for inputs is taken, from 0 to 1. */
  inputLevel(): number {
    return this.#room.input.level();
  }

  #begin(message: InboundMessage, of: InboxClass): boolean {
    const { topic } = message;
    if (!this.#room[of].mayBegin()) return false;
    const working = this.#parts.work(this.#isKeeping ? withOwnBytes(message) : message);
    if (!working) return true;
    this.#isKeeping = true;
    const queue: TopicQueue = { of, waiting: [] };
    this.#queues ??= new Map();
    this.#queues.set(topic, queue);
    this.#room[of].begin();
    this.#patience.follow(topic, working, () => this.#next(topic, queue));
    return true;
  }

  #next(topic: string, queue: TopicQueue): void {
    const room = this.#room[queue.of];
    for (let message = queue.waiting.shift(); message; message = queue.waiting.shift()) {
      room.release(message);
      this.#parts.onRoom();
      const working = this.#parts.work(message);
      if (working) return this.#patience.follow(topic, working, () => this.#next(topic, queue));
    }
    this.#queues?.delete(topic);
    room.finish();
    this.#parts.onRoom();
  }
}
