import { StorageError } from '../../services/errors.ts';
import type { DeadLetter, Outbox, StoredMessage } from '../../services/outbox.ts';
import { createFailures } from './failures.ts';

/** An outbox that a test can inspect and make fail. */
export interface MemoryOutbox extends Outbox {
  /** Stored messages, by id; they survive a close, as files would. */
  readonly messages: ReadonlyMap<number, StoredMessage>;
  readonly dead: readonly DeadLetter[];
  /** Number of messages in each append, in order. */
  readonly appends: readonly number[];
  readonly isOpen: boolean;
  /** Fails the next call with this error and changes nothing. */
  failNext(operation: 'open' | 'append', error: Error): void;
  /** Fails every append for lack of space until the returned function is called. */
  fill(): () => void;
  /** Makes the next open report this number of damaged records. */
  damage(records: number): void;
}

const full = () => new StorageError('io', 'The outbox can not be written: no space is left. Free some.');

/**
 * Keeps messages in memory.
 *
 * @example
 * import { memoryOutbox, createTestUnit } from 'pepeunit-client/testing';
 *
 * const outbox = memoryOutbox();
 * const { client: simulated } = createTestUnit({ adapters: { outbox } });
 * const makeRoom = outbox.fill();
 * await simulated.ready();
 * makeRoom();
 */
export const memoryOutbox = (): MemoryOutbox => {
  const messages = new Map<number, StoredMessage>();
  const dead: DeadLetter[] = [];
  const appends: number[] = [];
  const failing = createFailures<'open' | 'append'>();
  let lastId = 0;
  let damaged = 0;
  let isFull = false;
  let isOpen = false;
  return {
    messages,
    dead,
    appends,
    get isOpen() {
      return isOpen;
    },
    open: async () => {
      failing.check('open');
      isOpen = true;
      const found = { messages: [...messages.values()].toSorted((a, b) => a.id - b.id), lastId, damaged };
      damaged = 0;
      return found;
    },
    append: async (added) => {
      failing.check('append');
      if (isFull) throw full();
      appends.push(added.length);
      for (const message of added) {
        messages.set(message.id, message);
        lastId = Math.max(lastId, message.id);
      }
    },
    remove: (ids) => {
      for (const id of ids) messages.delete(id);
    },
    deadLetter: async (letters) => void dead.push(...letters),
    close: async () => {
      isOpen = false;
    },
    failNext: failing.add,
    fill: () => {
      isFull = true;
      return () => {
        isFull = false;
      };
    },
    damage: (records) => {
      damaged += records;
    },
  };
};
