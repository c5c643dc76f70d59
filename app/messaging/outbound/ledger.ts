import type { Outbox, StoredMessage } from '../../../services/outbox.ts';
import type { Message } from './message.ts';
import type { Records } from './records.ts';

const isEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

const isSame = (one: StoredMessage, other: StoredMessage): boolean =>
  one.topic === other.topic && isEqual(one.payload, other.payload);

/** Which messages the store has, and which it lacks. */
export class Ledger {
  /** Messages that it lacks. */
  readonly pending = new Set<Message>();
  readonly #store: Outbox;
  readonly #records: Records;
  readonly #stored = new Map<number, Message>();
  readonly #ids = new Map<Message, number>();
  /** What the store had of this program before it was lost, and may have still. */
  readonly #left = new Map<number, StoredMessage>();
  readonly #forget = (message: Message): void => this.forget(message);

  constructor(store: Outbox, records: Records) {
    this.#store = store;
    this.#records = records;
  }

  forget(message: Message): void {
    this.pending.delete(message);
    const id = this.#ids.get(message);
    if (id === undefined) return;
    this.#ids.delete(message);
    this.#stored.delete(id);
    this.#store.remove([id]);
  }

  add(message: Message): void {
    message.isStored = false;
    message.forget = this.#forget;
    this.pending.add(message);
  }

  /** Tells the records of other programs from this one's own. @returns The others'. */
  takeOver(found: readonly StoredMessage[]): readonly StoredMessage[] {
    const own = new Set(found.filter((record) => this.#isLeft(record)).map(({ id }) => id));
    for (const id of this.#left.keys()) if (!own.has(id)) this.#left.delete(id);
    return found.filter(({ id }) => !own.has(id) && !this.#stored.has(id));
  }

  markStored(message: Message, id: number): void {
    message.isStored = true;
    message.forget = this.#forget;
    this.pending.delete(message);
    this.#stored.set(id, message);
    this.#ids.set(message, id);
  }

  /** The store is another program's, or has lost all that it had: everything has to be written again. */
  lose(): void {
    const lost = [...this.#stored.values(), ...this.pending];
    for (const [id, message] of this.#stored) this.#left.set(id, this.#records.recordOf(message));
    this.#stored.clear();
    this.#ids.clear();
    this.pending.clear();
    for (const message of lost) this.add(message);
  }

  /** Everything is written again: removes what was left of it. */
  removeLeft(): void {
    if (this.#left.size > 0) this.#store.remove([...this.#left.keys()]);
    this.#left.clear();
  }

  #isLeft(record: StoredMessage): boolean {
    const own = this.#left.get(record.id);
    return own !== undefined && isSame(own, record);
  }
}
