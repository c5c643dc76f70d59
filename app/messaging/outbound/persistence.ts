import { inGroups } from '../../../adapters/shared/mqtt/packet-size.ts';
import { Timer } from '../../../adapters/shared/clock.ts';
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
  /** Whether the store is left to another program. */
  isAway: boolean;
}

/** Keeps messages in memory alone. */
const inMemory = {
  status: { isReady: true, isVolatile: false, isAway: false } as Readonly<Status>,
  /** Reads what earlier runs left. Never rejects. */
  open: async (): Promise<unknown> => undefined,
  /** Resolves once the message is kept; at once where it may be written later. Never rejects. */
  save: (_message: Message, _withinMs?: number) => saved,
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
  /** Opens the store where need be, and takes over what it has. */
  const open = async () => {
    if (isOpen) return;
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
    await open();
    await writePending();
  };
  return {
    add,
    pending,
    open,
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

type Session = ReturnType<typeof createSession>;

/** Writes to the store, one thing after the other, and tries again what failed. */
const createWrites = ({ clock, warn, onReady }: StoreParts, status: Status, session: Session) => {
  const inTurn = createSerialQueue();
  const { withTimeout, endAll } = createTimeouts(clock);
  let retry: unknown;
  let next: Promise<PublishResult> | undefined;

  const fail = (thrown: unknown) => {
    if (!status.isVolatile) warn(`What waits for the link is kept in memory alone: ${failureOf(thrown).message}`);
    status.isVolatile = true;
    status.isReady = true;
    onReady();
  };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      // What was saved while the store failed has asked for no write of its own.
      if (status.isVolatile && session.pending.size > 0) return await update();
      if (status.isVolatile) warn('What waits for the link is kept on disk again.');
      status.isVolatile = false;
    } catch (thrown) {
      fail(thrown);
      clock.clearTimeout(retry);
      if (!status.isAway) retry = clock.setTimeout(() => void inTurn(update), retryMs);
    }
  };
  const update = async (): Promise<void> => {
    next = undefined;
    await attempt(session.update);
  };
  const inTime = async (work: () => Promise<void>, ms: number) => {
    if (!(await withTimeout(inTurn(work), ms))) fail(noAnswer());
    return queued;
  };
  return {
    update,
    open: () => inTime(() => attempt(session.open), storeWithinMs),
    /** Writes what is pending; what becomes so until that begins is written with it. */
    now: () => (next ??= inTime(update, storeWithinMs)),
    /** Does one thing more, and leaves no timer. */
    end: async (work: () => Promise<void>, withinMs: number) => {
      next = undefined;
      clock.clearTimeout(retry);
      await inTime(work, withinMs);
      endAll();
    },
  };
};

/** Keeps messages in the store, or in memory alone while the store fails. */
const inStore = (parts: StoreParts): typeof inMemory => {
  const { clock, queue } = parts;
  const status = { isReady: false, isVolatile: false, isAway: false };
  const session = createSession(parts, status);
  const writes = createWrites(parts, status, session);
  const writeLate = () => {
    if (session.pending.size > 0) void writes.now();
  };
  // The time limit of a write begins when all timers that are due have run, however late they are.
  const later = new Timer(clock, () => queueMicrotask(writeLate));
  const leave = async () => {
    for (const message of queue.all()) if (isUnsaved(message)) session.add(message);
    if (session.pending.size > 0) await writes.update();
    await session.close();
  };
  return {
    status,
    open: () => {
      const hasUnwritten = status.isAway && session.pending.size > 0;
      status.isAway = false;
      return hasUnwritten ? writes.now() : writes.open();
    },
    save: (message, withinMs = 0) => {
      if (message.isStored) return saved;
      session.add(message);
      if (status.isVolatile || status.isAway) return saved;
      if (withinMs === 0) return writes.now();
      later.start(withinMs);
      return saved;
    },
    close: (withinMs) => {
      status.isAway = true;
      later.stop();
      return writes.end(leave, withinMs);
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
    deadLetter,
    /** Lets a message wait, as the policy of its topic says. Resolves once it is kept. Never rejects. */
    keep: (message: Message, nowMs: number): Promise<PublishResult> => {
      const ended = queue.wait(message, nowMs);
      if (ended) return Promise.resolve(ended);
      const { topic, order } = message;
      const { storeAfterMs } = topic.policy;
      // What the link has of this topic goes first: none overtakes another through a restart.
      if (topic.unsecured > 0) {
        topic.unsecured = 0;
        for (const one of topic.messages.items()) if (isOwedBefore(one, order)) void kept.save(one, storeAfterMs);
      }
      return kept.save(message, storeAfterMs);
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
    ...kept, // Not first: V8 would give each unit a hidden class of its own.
  };
};

export type Persistence = ReturnType<typeof createPersistence>;
