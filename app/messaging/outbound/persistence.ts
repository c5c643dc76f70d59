import { inGroups } from '../../../adapters/shared/mqtt/packet-size.ts';
import { createSerialQueue } from '../../../adapters/shared/serialize.ts';
import { failureOf, isLoss, StorageError } from '../../../services/errors.ts';
import type { Outbox } from '../../../services/outbox.ts';
import { createTimeouts } from '../timeout.ts';
import { createLedger } from './ledger.ts';
import type { Message } from './message.ts';
import { createDating, createDeadLetters, createRecords, type PersistenceParts, type Records } from './records.ts';
import { queued, refused, type PublishResult } from './result.ts';

/** How long a store may take before it counts as failing, milliseconds. */
const storeWithinMs = 10_000;
/** How long a store that failed is left alone, milliseconds. */
const retryMs = 30_000;
/** The most that is appended at once, bytes, unless one message has more. */
const maxAppendBytes = 1024 * 1024;

const saved = Promise.resolve(queued);

const noAnswer = () => new StorageError('io', 'The outbox does not answer. Check the disk.');

const bytesOf = ({ bytes }: Message): number => bytes;

/** Messages that ought to be in the store, and are not. */
const isUnsaved = ({ isStored, qos, state }: Message): boolean => !isStored && (state === 'waiting' || qos > 0);

/** Whether the link has a message that came before, and owes an acknowledgement. */
const isOwedBefore = ({ state, qos, order }: Message, before: number): boolean =>
  order < before && state === 'sending' && qos > 0;

interface Status {
  /** Whether it is known what earlier runs left, or that the store fails; once true, always true. */
  isReady: boolean;
  /** Whether the store fails. */
  isVolatile: boolean;
}

/** Keeps messages in memory alone. */
const inMemory = {
  status: { isReady: true, isVolatile: false } as Readonly<Status>,
  /** Reads what earlier runs left. Never rejects. */
  open: async (): Promise<unknown> => undefined,
  /** Resolves once the message is kept. Never rejects. */
  save: (_message: Message) => saved,
  /** Writes what is not written yet, as long as it may take, and gives the store up until it is opened again. */
  close: async (_withinMs: number): Promise<void> => undefined,
};

interface StoreParts extends PersistenceParts {
  readonly store: Outbox;
  readonly records: Records;
  readonly onRestored: (messages: readonly Message[]) => void;
  readonly onReady: () => void;
}

/** The open store. */
const createSession = ({ store, queue, warn, records, onRestored }: StoreParts, status: Status) => {
  const { pending, forget, add, takeOver, markStored, lose, removeLeft } = createLedger(store, records);
  let isOpen = false;
  /** Whether the store lost what it had: what is damaged in it is written again. */
  let isLost = false;
  const writePending = async (): Promise<void> => {
    for (const group of inGroups([...pending], bytesOf, maxAppendBytes)) {
      const written = group.map((message) => ({ message, record: records.recordOf(message) }));
      await store.append(written.map(({ record }) => record));
      for (const { message, record } of written) {
        markStored(message, record.id);
        if (message.state === 'gone') forget(message);
      }
    }
    removeLeft();
  };
  /** Opens the store, and takes over what it has. */
  const open = async () => {
    const found = await store.open();
    records.numberFrom(found.lastId, pending);
    const restored = queue.restore(records.read(takeOver(found.messages)));
    for (const message of restored) markStored(message, records.idOf(message));
    isOpen = true;
    status.isReady = true;
    const damaged = isLost ? 0 : found.damaged;
    isLost = false;
    queue.counts.damaged += damaged;
    if (damaged > 0) warn(`${damaged} damaged records of the outbox were put aside.`);
    found.remarks?.forEach(warn);
    onRestored(restored);
  };
  const update = async () => {
    if (!isOpen) await open();
    await writePending();
  };
  return {
    add,
    pending,
    /** Opens the store where need be, and writes what is pending; all, when the store lost what it had. @throws {StorageError} */
    update: async () => {
      try {
        await update();
      } catch (thrown) {
        if (!isLoss(thrown)) throw thrown;
        warn(thrown.message);
        lose();
        isLost = true;
        isOpen = false;
        await update();
      }
    },
    close: async () => {
      if (isOpen) await store.close();
      isOpen = false;
    },
  };
};

/** Keeps messages in the store, or in memory alone while the store fails. */
const inStore = (parts: StoreParts): typeof inMemory => {
  const { clock, queue, warn, onReady } = parts;
  const status = { isReady: false, isVolatile: false };
  const session = createSession(parts, status);
  const inTurn = createSerialQueue();
  const { withTimeout, endAll } = createTimeouts(clock);
  let isAway = false;
  let retry: unknown;
  let next: Promise<PublishResult> | undefined;

  const fail = (thrown: unknown) => {
    if (!status.isVolatile) warn(`What waits for the link is kept in memory alone: ${failureOf(thrown).message}`);
    status.isVolatile = true;
    status.isReady = true;
    onReady();
  };
  const update = async (): Promise<void> => {
    next = undefined;
    try {
      await session.update();
      // What was saved while the store failed has asked for no write of its own.
      if (status.isVolatile && session.pending.size > 0) return await update();
      if (status.isVolatile) warn('What waits for the link is kept on disk again.');
      status.isVolatile = false;
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
    if (session.pending.size > 0) await update();
    await session.close();
  };
  return {
    status,
    open: () => {
      isAway = false;
      return (next ??= updateInTime());
    },
    save: (message) => {
      if (message.isStored) return saved;
      session.add(message);
      return status.isVolatile || isAway ? saved : (next ??= updateInTime());
    },
    close: async (withinMs) => {
      isAway = true;
      next = undefined;
      clock.clearTimeout(retry);
      if (!(await withTimeout(inTurn(leave), withinMs))) fail(noAnswer());
      endAll();
    },
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
    const own = records.unit;
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
      disown(queue.all(), own, records.unit ?? own);
      records.unit = own;
    },
    timeSynced: createDating(parts),
    /** Calls back each time when it is known what waits: the store was opened, or failed. */
    onReady: (listener: () => void) => void (wake = listener),
  };
};

export type Persistence = ReturnType<typeof createPersistence>;
