import { inGroups, publishBytes } from '../../../adapters/shared/mqtt/packet-size.ts';
import { createSerialQueue } from '../../../adapters/shared/serialize.ts';
import type { Clock } from '../../../services/clock.ts';
import { failureOf, isLoss, StorageError } from '../../../services/errors.ts';
import type { Outbox, StoredMessage, StoredMessages } from '../../../services/outbox.ts';
import { createTimeouts } from '../timeout.ts';
import type { Message, OutboxQueue, RestoredMessage } from './queue.ts';
import { queued, refused, type PublishResult, type Unsent } from './result.ts';

export interface PersistenceParts {
  /** `undefined` when nothing needs to outlive the program. */
  readonly store: Outbox | undefined;
  readonly clock: Clock;
  readonly queue: OutboxQueue;
  /** Unix milliseconds; `undefined` while no time is trusted. */
  readonly epochMs: () => number | undefined;
  readonly warn: (message: string) => void;
}

/** How long a store may take before it counts as failing, milliseconds. */
const storeWithinMs = 10_000;
/** How long a store that failed is left alone, milliseconds. */
const retryMs = 30_000;
/** The most that is appended at once, bytes, unless one message has more. */
const maxAppendBytes = 1024 * 1024;

const saved = Promise.resolve(queued);
const encoder = new TextEncoder();

const noAnswer = () => new StorageError('io', 'The outbox does not answer. Check the disk.');

const bytesOf = ({ bytes }: Message): number => bytes;

/** Messages that ought to be in the store, and are not. */
const isUnsaved = ({ isStored, qos, state }: Message): boolean => !isStored && (state === 'waiting' || qos > 0);

/** Whether the link has a message that came before, and owes an acknowledgement. */
const isOwedBefore = ({ state, qos, order }: Message, before: number): boolean =>
  order < before && state === 'sending' && qos > 0;

/** Turns messages into the records of a store, and back. */
const createRecords = ({ clock, epochMs }: PersistenceParts) => {
  /** What the numbers of this run begin at; unknown before the store was read. */
  let base: number | undefined;
  /** UUID of the unit that this program is; `undefined` before it is known. */
  let unit: string | undefined;
  return {
    unit: () => unit,
    claim: (own: string) => void (unit = own),
    isKnown: () => base !== undefined,
    idOf: ({ order }: Message): number => (base ?? 0) + order,
    recordOf: ({ order, topic, payload, qos, retain, bornMs, unit: noted }: Message): StoredMessage => {
      const epoch = epochMs();
      return {
        id: (base ?? 0) + order,
        topic: topic.name,
        payload: typeof payload === 'string' ? encoder.encode(payload) : payload,
        qos,
        retain,
        acceptedMs: epoch === undefined ? undefined : Math.round(epoch - (clock.monotonic() - bornMs)),
        unit: noted ?? unit,
      };
    },
    read: ({ messages, lastId }: StoredMessages, known: ReadonlyMap<number, Message>): readonly RestoredMessage[] => {
      const start = (base ??= lastId);
      const now = clock.monotonic();
      const epoch = epochMs();
      const unknown = messages.filter(({ id }) => !known.has(id));
      return unknown.map(({ id, acceptedMs, ...message }) => ({
        ...message,
        order: id - start,
        bytes: publishBytes(message.topic, message.payload),
        bornMs: epoch === undefined || acceptedMs === undefined ? now : now - Math.max(0, epoch - acceptedMs),
      }));
    },
  };
};

type Records = ReturnType<typeof createRecords>;

/** Puts messages aside that can never be delivered, and warns once when it can't. */
const createDeadLetters = ({ store, queue, warn }: PersistenceParts, { recordOf }: Records) => {
  let hasWarned = false;
  const onFailure = (thrown: unknown) => {
    if (!hasWarned) warn(`A message that can never be delivered could not be put aside: ${failureOf(thrown).message}`);
    hasWarned = true;
  };
  return (message: Message, result: Unsent) => {
    store?.deadLetter([{ message: recordOf(message), ...result }]).catch(onFailure);
    queue.end(message, result, 'dead');
  };
};

/** Keeps messages in memory alone. */
const inMemory = {
  /** Reads what earlier runs left. Never rejects. */
  open: async (): Promise<unknown> => undefined,
  /** Resolves once the message is kept. Never rejects. */
  save: (_message: Message) => saved,
  /** Writes what is not written yet, as long as it may take, and gives the store up until it is opened again. */
  close: async (_withinMs: number): Promise<void> => undefined,
  /** Whether it is known what earlier runs left, or that the store fails. */
  isReady: () => true,
  /** Whether the store fails. */
  isVolatile: () => false,
};

interface StoreParts extends PersistenceParts {
  readonly store: Outbox;
  readonly records: Records;
  readonly onRestored: (messages: readonly Message[]) => void;
  readonly onReady: () => void;
}

/** The open store: what it has, and what it lacks. */
const createSession = ({ store, queue, warn, records, onRestored }: StoreParts) => {
  const pending = new Set<Message>();
  const stored = new Map<number, Message>();
  let isOpen = false;
  const forget = (message: Message) => {
    const id = records.idOf(message);
    pending.delete(message);
    if (message.isStored && stored.delete(id)) store.remove([id]);
  };
  const add = (message: Message) => {
    message.isStored = false;
    message.forget = forget;
    pending.add(message);
  };
  const markStored = (message: Message) => {
    message.isStored = true;
    message.forget = forget;
    pending.delete(message);
    stored.set(records.idOf(message), message);
  };
  const write = async (): Promise<void> => {
    for (const part of inGroups([...pending], bytesOf, maxAppendBytes)) {
      await store.append(part.map(records.recordOf));
      part.forEach(markStored);
      for (const message of part) if (message.state === 'gone') forget(message);
    }
  };
  return {
    add,
    hasPending: () => pending.size > 0,
    /** Opens the store where it is not open, and takes over what it has. @throws {StorageError} */
    open: async () => {
      if (isOpen) return;
      const found = await store.open();
      const restored = queue.restore(records.read(found, stored));
      restored.forEach(markStored);
      isOpen = true;
      queue.counts.damaged += found.damaged;
      if (found.damaged > 0) warn(`${found.damaged} damaged records of the outbox were put aside.`);
      found.remarks?.forEach(warn);
      onRestored(restored);
    },
    /** Writes what is pending; all of it, when the store has lost what it had. @throws {StorageError} */
    write: () =>
      write().catch((thrown: unknown) => {
        if (!isLoss(thrown)) throw thrown;
        warn(thrown.message);
        const lost = [...stored.values(), ...pending];
        stored.clear();
        pending.clear();
        lost.forEach(add);
        return write();
      }),
    close: async () => {
      if (isOpen) await store.close();
      isOpen = false;
    },
  };
};

/** Keeps messages in the store, or in memory alone while the store fails. */
const inStore = (parts: StoreParts): typeof inMemory => {
  const { clock, queue, warn, records, onReady } = parts;
  const session = createSession(parts);
  const inTurn = createSerialQueue();
  const { withTimeout, endAll } = createTimeouts(clock);
  let isFailing = false;
  let isAway = false;
  let retry: unknown;
  let next: Promise<PublishResult> | undefined;

  const fail = (thrown: unknown) => {
    if (!isFailing) warn(`What waits for the link is kept in memory alone: ${failureOf(thrown).message}`);
    isFailing = true;
    onReady();
  };
  const update = async (): Promise<void> => {
    next = undefined;
    try {
      await session.open();
      await session.write();
      // What was saved while the store failed has asked for no write of its own.
      if (isFailing && session.hasPending()) return await update();
      if (isFailing) warn('What waits for the link is kept on disk again.');
      isFailing = false;
    } catch (thrown) {
      fail(thrown);
      clock.clearTimeout(retry);
      if (!isAway) retry = clock.setTimeout(() => void inTurn(update), retryMs);
    }
  };
  const updateInTime = async () => {
    if (!(await withTimeout(inTurn(update), storeWithinMs))) fail(noAnswer());
    return queued;
  };
  const leave = async () => {
    for (const message of queue.all()) if (isUnsaved(message)) session.add(message);
    if (session.hasPending()) await update();
    await session.close();
  };
  return {
    open: () => {
      isAway = false;
      return (next ??= updateInTime());
    },
    save: (message) => {
      if (message.isStored) return saved;
      session.add(message);
      return isFailing || isAway ? saved : (next ??= updateInTime());
    },
    close: async (withinMs) => {
      isAway = true;
      next = undefined;
      clock.clearTimeout(retry);
      if (!(await withTimeout(inTurn(leave), withinMs))) fail(noAnswer());
      endAll();
    },
    isReady: () => isFailing || records.isKnown(),
    isVolatile: () => isFailing,
  };
};

/** Keeps what waits, and knows whose it is: nothing of one unit may go out with the token of another. */
export const createPersistence = (parts: PersistenceParts) => {
  const { store, queue, clock, warn } = parts;
  const records = createRecords(parts);
  const deadLetter = createDeadLetters(parts, records);
  let wake: (() => void) | undefined;
  /** Puts messages of other units aside. @param unnamed The unit of those that name none. */
  const disown = (messages: readonly Message[], own: string, unnamed: string) => {
    const others = messages.filter(({ unit = unnamed }) => unit !== own);
    for (const message of others) {
      deadLetter(message, refused(`It is of unit ${message.unit ?? unnamed}, and now this is unit ${own}.`));
    }
    if (others.length === 0) return;
    warn(`${others.length} messages of another unit were put aside and not sent: this is unit ${own} now.`);
  };
  const onReady = () => wake?.();
  const onRestored = (restored: readonly Message[]) => {
    const own = records.unit();
    if (own !== undefined) disown(restored, own, own);
    queue.trim(restored, clock.monotonic());
    onReady();
  };
  const kept = store ? inStore({ ...parts, store, records, onRestored, onReady }) : inMemory;
  return {
    ...kept,
    deadLetter,
    /** Lets a message wait, as the policy of its topic says. Resolves once it is kept. Never rejects. */
    keep: (message: Message, nowMs: number): Promise<PublishResult> => {
      const ended = queue.wait(message, nowMs);
      if (ended) return Promise.resolve(ended);
      // What the link has of this topic goes first: none overtakes another through a restart.
      if (message.topic.unsecured > 0) {
        message.topic.unsecured = 0;
        for (const one of message.topic.messages.items()) if (isOwedBefore(one, message.order)) void kept.save(one);
      }
      return kept.save(message);
    },
    /** From now on the program is this unit; messages that name none are its own, or of the unit that it was before. */
    claim: (unit: string) => {
      const own = unit.toLowerCase();
      disown(queue.all(), own, records.unit() ?? own);
      records.claim(own);
    },
    /** Calls back each time when it is known what waits: the store was opened, or failed. */
    onReady: (listener: () => void) => void (wake = listener),
  };
};

export type Persistence = ReturnType<typeof createPersistence>;
