import { createStore, delMany, entries, promisifyRequest, setMany, type UseStore } from 'idb-keyval';
import { StorageError } from '../../services/errors.ts';
import { SerialQueue } from '../shared/serialize.ts';
import type { DeadLetter, Outbox, StoredMessage } from '../../services/outbox.ts';
import { hostLocks, takeName, type PageLocks } from './page-lock.ts';

/** Options of the browser outbox. */
export interface BrowserOutboxOptions {
  /** Name that separates the units of one origin, such as the path of env.json. */
  readonly name: string;
  /** @defaultValue the object store `messages` of the database `pepeunit outbox NAME` */
  readonly store?: UseStore;
  /** @defaultValue the object store `letters` of the database `pepeunit dead letters NAME` */
  readonly letters?: UseStore;
  /** Locks that keep other pages out; `null` for none. @defaultValue the browser's, if it has any */
  readonly locks?: PageLocks | null;
}

/** Dead letters to keep. */
const maxLetters = 100;

const failure = (action: string, cause: unknown): StorageError =>
  new StorageError('io', `The outbox can't be ${action}. Check that the page may store data, and how much.`, { cause });

const guarded = async <T>(action: string, task: () => Promise<T>): Promise<T> => {
  try {
    return await task();
  } catch (thrown) {
    throw thrown instanceof StorageError ? thrown : failure(action, thrown);
  }
};

const inUse = () => new StorageError('io', 'The outbox is in use by another page of this unit. Close one of the two.');
const lost = () =>
  new StorageError(
    'lost',
    'The data of this page was cleared by the user or the browser. What waits is written again.',
  );

/** Keys sort by id; the rest of the key is unique to the page, so that pages open at the same time don't collide. */
const label = (): string => Math.random().toString(36).slice(2);
const keyOf = (id: number, page: string): string => `${String(id).padStart(16, '0')}-${page}`;

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** Keeps other pages of a unit out, if the browser can. */
const createDoor = (locks: PageLocks | null, name: string) => {
  let release: (() => void) | undefined;
  return {
    isShut: () => release !== undefined,
    shut: async () => {
      if (!locks || release) return;
      release = await takeName(locks, `pepeunit outbox ${name}`);
      if (!release) throw inUse();
    },
    open: () => {
      release?.();
      release = undefined;
    },
  };
};

/** The records of this page's messages, by their ids. */
const createRecords = (store: UseStore) => {
  const page = label();
  const keys = new Map<number, string>();
  return {
    read: async () => {
      const found = await entries<string, StoredMessage>(store);
      let lastId = 0;
      const messages = found.toSorted(byKey).map(([key, message]) => {
        // Another page may have used the same id.
        lastId = Math.max(lastId + 1, message.id);
        keys.set(lastId, key);
        return { ...message, id: lastId };
      });
      return { messages, lastId, damaged: 0 };
    },
    write: async (messages: readonly StoredMessage[]) => {
      const added = messages.map((message): [string, StoredMessage] => [keyOf(message.id, page), message]);
      await setMany(added, store);
      for (const [key, { id }] of added) keys.set(id, key);
    },
    remove: async (ids: readonly number[]) => {
      const removed = ids.flatMap((id) => keys.get(id) ?? []);
      for (const id of ids) keys.delete(id);
      await delMany(removed, store);
    },
    /** Checks that the oldest record is still there. @throws {StorageError} `lost` */
    check: async () => {
      const [oldest] = keys.values();
      if (oldest === undefined) return;
      if ((await store('readonly', (records) => promisifyRequest(records.getKey(oldest)))) !== undefined) return;
      keys.clear();
      throw lost();
    },
  };
};

/**
 * Keeps messages in IndexedDB, one record each.
 *
 * One page at a time uses it. Without Web Locks, pages of one unit that are open at the same time share it: each sends
 * the messages of earlier pages, so a message may be sent twice.
 */
export const browserOutbox = ({
  name,
  store = createStore(`pepeunit outbox ${name}`, 'messages'),
  letters = createStore(`pepeunit dead letters ${name}`, 'letters'),
  locks = hostLocks(),
}: BrowserOutboxOptions): Outbox => {
  const records = createRecords(store);
  const door = createDoor(locks, name);
  const turns = new SerialQueue();

  const inTurn = <T>(action: string, task: () => Promise<T>): Promise<T> => turns.run(() => guarded(action, task));
  const deadLetter = async (added: readonly DeadLetter[]) => {
    await setMany(
      added.map((letter) => [keyOf(letter.message.id, label()), letter]),
      letters,
    );
    const kept = (await entries<string, DeadLetter>(letters)).map(([key]) => key).toSorted();
    await delMany(kept.slice(0, Math.max(0, kept.length - maxLetters)), letters);
  };

  return {
    open: () =>
      inTurn('opened', async () => {
        await door.shut();
        try {
          return await records.read();
        } catch (thrown) {
          door.open();
          throw thrown;
        }
      }),
    append: (messages) =>
      inTurn('written', async () => {
        if (door.isShut()) await records.check();
        await records.write(messages);
      }),
    remove: (ids) => {
      // A failed removal only sends the messages again.
      void inTurn('written', () => records.remove(ids)).catch(() => undefined);
    },
    deadLetter: (added) => inTurn('written', () => deadLetter(added)),
    close: () => turns.run(async () => door.open()),
  };
};
