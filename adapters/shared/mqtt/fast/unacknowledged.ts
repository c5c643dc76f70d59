import type { MqttClient } from 'mqtt';
import { freeSlots } from '../../fifo.ts';
import type { OwnIds } from './framer.ts';

/** Gets the answer to a message: an error where it was refused, or where the MQTT library gives the connection up. */
export type OnAnswer<TMessage> = (message: TMessage, error?: Error) => void;

/** A message that is given a packet identifier. */
export interface Numbered {
  /** Its packet identifier, once it was sent. */
  id: number;
  /** Its place in the order of all. */
  readonly place: number;
}

type Outgoing = MqttClient['outgoing'][number];

/** Its place among the library's own messages, where no packet identifier leads. */
const watch = 'past the library';

/** Slots of a link that sends little, and of one that has all packet identifiers in flight; powers of two. */
const slots = { few: 16, all: 65_536 };

/**
 * Messages of QoS 1 that were sent past the MQTT library, and that the broker has not acknowledged. Each stands in the slot
 * that the last bits of its packet identifier name: these come in turn, so that few want a slot that is taken, and those
 * count as in use.
 */
export class Unacknowledged<TMessage extends Numbered> implements OwnIds {
  readonly #client: MqttClient;
  readonly #onHandedOver: () => void;
  #onAnswer: OnAnswer<TMessage> | undefined;
  #slots = freeSlots<TMessage>(slots.few);
  #count = 0;

  constructor(client: MqttClient, onHandedOver: () => void) {
    this.#client = client;
    this.#onHandedOver = onHandedOver;
    // The library tells all that it holds when it gives a connection up.
    this.#outgoing[watch] = {
      volatile: false,
      cmd: 'publish',
      cb: (error) => {
        for (const { id } of this.#inOrder()) this.settle(id, error);
      },
    };
  }

  get #outgoing(): Record<number | string, Outgoing> {
    return this.#client.outgoing;
  }

  /** Whether a message has this packet identifier. */
  has(id: number): boolean {
    return this.#slots[this.#slotOf(id)]?.id === id;
  }

  /** Whether no other message may be given this packet identifier. */
  isInUse(id: number): boolean {
    return this.#slots[this.#slotOf(id)] !== undefined;
  }

  handOver(id: number): void {
    const message = this.#take(id);
    if (!message) return;
    this.#onHandedOver();
    this.#outgoing[id] = { volatile: false, cmd: 'publish', cb: (error) => this.#onAnswer?.(message, error) };
  }

  /** Takes a message in, and gives it a packet identifier. @returns Whether there was one. */
  add(message: TMessage): boolean {
    if (2 * this.#count >= this.#slots.length) this.#grow();
    const id = this.#client.messageIdProvider.allocate();
    if (id === null) return false;
    message.id = id;
    this.#slots[this.#slotOf(id)] = message;
    this.#count += 1;
    return true;
  }

  settle(id: number, error?: Error): void {
    const message = this.#take(id);
    if (message) this.#onAnswer?.(message, error);
  }

  answerTo(listener: OnAnswer<TMessage>): void {
    this.#onAnswer = listener;
  }

  /** Forgets them all. */
  stop(): void {
    delete this.#outgoing[watch];
    this.#slots.fill(undefined);
    this.#count = 0;
  }

  #slotOf(id: number): number {
    return id & (this.#slots.length - 1);
  }

  #take(id: number): TMessage | undefined {
    const message = this.#slots[this.#slotOf(id)];
    if (message?.id !== id) return undefined;
    this.#slots[this.#slotOf(id)] = undefined;
    this.#count -= 1;
    return message;
  }

  #inOrder(): readonly TMessage[] {
    return this.#slots.filter((message) => message !== undefined).toSorted((one, other) => one.place - other.place);
  }

  #grow(): void {
    if (this.#slots.length === slots.all) return;
    const messages = this.#inOrder();
    this.#slots = freeSlots(2 * this.#slots.length);
    for (const message of messages) this.#slots[this.#slotOf(message.id)] = message;
  }
}
