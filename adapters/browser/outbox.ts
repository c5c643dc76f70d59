import { createStore, delMany, entries, setMany, type UseStore } from 'idb-keyval';
import { StorageError } from '../../services/errors.ts';
import { serial } from '../shared/serial.ts';
import type { DeadLetter, Outbox, StoredMessage } from '../../services/outbox.ts';

/** What a browser outbox may be given. */
export interface BrowserOutboxOptions {
  /** Tells the units of one origin apart, such as the path of env.json. */
  readonly name: string;
  /** @defaultValue the object store `messages` of the database `pepeunit outbox NAME` */
  readonly store?: UseStore;
  /** @defaultValue the object store `letters` of the database `pepeunit dead letters NAME` */
  readonly letters?: UseStore;
}

/** Dead letters that are kept. */
const mostLetters = 100;

const failure = (action: string, cause: unknown): StorageError =>
  new StorageError('io', `The outbox can't be ${action}. Check that the page may store data, and how much.`, { cause });

const guarded = async <T>(action: string, task: () => Promise<T>): Promise<T> => {
  try {
    return await task();
  } catch (thrown) {
    throw failure(action, thrown);
  }
};

/** Keys sort by id; the rest of the key tells pages apart that are open at the same time. */
const label = (): string => Math.random().toString(36).slice(2);
const keyOf = (id: number, page: string): string => `${String(id).padStart(16, '0')}-${page}`;

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/**
 * Keeps messages in IndexedDB, a record each.
 *
 * Pages of one unit that are open at the same time share it: each sends what earlier ones left, so that a message may
 * go twice.
 */
export const browserOutbox = ({
  name,
  store = createStore(`pepeunit outbox ${name}`, 'messages'),
  letters = createStore(`pepeunit dead letters ${name}`, 'letters'),
}: BrowserOutboxOptions): Outbox => {
  const page = label();
  const keys = new Map<number, string>();
  const turns = serial();

  const inTurn = <T>(action: string, task: () => Promise<T>): Promise<T> => turns(() => guarded(action, task));
  const setAside = async (added: readonly DeadLetter[]) => {
    await setMany(
      added.map((letter) => [keyOf(letter.message.id, label()), letter]),
      letters,
    );
    const kept = (await entries<string, DeadLetter>(letters)).map(([key]) => key).toSorted();
    await delMany(kept.slice(0, Math.max(0, kept.length - mostLetters)), letters);
  };

  return {
    open: () =>
      inTurn('opened', async () => {
        const found = await entries<string, StoredMessage>(store);
        let lastId = 0;
        const messages = found.toSorted(byKey).map(([key, message]) => {
          // Two pages may have given the same id.
          lastId = Math.max(lastId + 1, message.id);
          keys.set(lastId, key);
          return { ...message, id: lastId };
        });
        return { messages, lastId, damaged: 0 };
      }),
    append: (messages) =>
      inTurn('written', async () => {
        const added = messages.map((message): [string, StoredMessage] => [keyOf(message.id, page), message]);
        await setMany(added, store);
        for (const [key, { id }] of added) keys.set(id, key);
      }),
    remove: (ids) => {
      const removing = inTurn('written', () =>
        delMany(
          ids.flatMap((id) => keys.get(id) ?? []),
          store,
        ),
      );
      // What stays is sent once more.
      void removing.catch(() => undefined);
    },
    setAside: (added) => inTurn('written', () => setAside(added)),
    close: () => turns(async () => undefined),
  };
};
