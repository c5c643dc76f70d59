import type { Outbox, StoredMessage } from '../../../services/outbox.ts';
import type { Message } from './message.ts';
import type { Records } from './records.ts';

const isEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

const isSame = (one: StoredMessage, other: StoredMessage): boolean =>
  one.topic === other.topic && isEqual(one.payload, other.payload);

/** Which messages the store has, and which it lacks. */
export const createLedger = (store: Outbox, { recordOf }: Records) => {
  const pending = new Set<Message>();
  const stored = new Map<number, Message>();
  const ids = new Map<Message, number>();
  /** What the store had of this program before it was lost, and may have still. */
  const left = new Map<number, StoredMessage>();
  const forget = (message: Message) => {
    pending.delete(message);
    const id = ids.get(message);
    if (id === undefined) return;
    ids.delete(message);
    stored.delete(id);
    store.remove([id]);
  };
  const add = (message: Message) => {
    message.isStored = false;
    message.forget = forget;
    pending.add(message);
  };
  const isLeft = (record: StoredMessage): boolean => {
    const own = left.get(record.id);
    return own !== undefined && isSame(own, record);
  };
  return {
    pending,
    forget,
    add,
    /** Tells the records of other programs from this one's own. @returns The others'. */
    takeOver: (found: readonly StoredMessage[]): readonly StoredMessage[] => {
      const own = new Set(found.filter(isLeft).map(({ id }) => id));
      for (const id of left.keys()) if (!own.has(id)) left.delete(id);
      return found.filter(({ id }) => !own.has(id) && !stored.has(id));
    },
    markStored: (message: Message, id: number) => {
      message.isStored = true;
      message.forget = forget;
      pending.delete(message);
      stored.set(id, message);
      ids.set(message, id);
    },
    /** The store is another program's, or has lost all that it had: everything has to be written again. */
    lose: () => {
      const lost = [...stored.values(), ...pending];
      for (const [id, message] of stored) left.set(id, recordOf(message));
      stored.clear();
      ids.clear();
      pending.clear();
      lost.forEach(add);
    },
    /** Everything is written again: removes what was left of it. */
    removeLeft: () => {
      if (left.size > 0) store.remove([...left.keys()]);
      left.clear();
    },
  };
};
