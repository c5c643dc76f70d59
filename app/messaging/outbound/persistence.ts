import { createSerialQueue } from '../../../adapters/shared/serialize.ts';
import type { Clock } from '../../../services/clock.ts';
import { failureOf, isLoss } from '../../../services/errors.ts';
import type { DeadReason, Outbox, StoredMessage, StoredMessages } from '../../../services/outbox.ts';
import { createPossession, noAnswer, storeWithinMs, type Possession } from './possession.ts';
import type { Message } from './queue.ts';
import { queued, type PublishResult } from './result.ts';
import { createWaits, type Waits } from '../timeout.ts';

/** What the keeper stands between. */
export interface KeeperParts {
  readonly store: Outbox;
  readonly clock: Clock;
  /** Unix milliseconds; `undefined` while no time is trusted. */
  readonly epochMs: () => number | undefined;
  /** UUID of the unit that this program is; `undefined` before it is known. */
  readonly unit: () => string | undefined;
  readonly warn: (message: string) => void;
  /** All messages, oldest first. */
  readonly all: () => readonly Message[];
  /** Takes messages of earlier runs. */
  readonly onRestored: (messages: readonly RestoredMessage[]) => void;
  /** The store was opened, or failed. */
  readonly onReady: () => void;
}

/** A message of an earlier run: its `order` is below one, `ageMs` how long it has waited. */
export interface RestoredMessage {
  readonly stored: StoredMessage;
  readonly order: number;
  readonly ageMs: number;
}

/** Keeps what waits in the store, or in memory alone while the store fails. */
export interface Keeper {
  /** Takes over what earlier runs left. Never rejects. */
  open(): Promise<void>;
  /** Resolves once the message is kept. Never rejects. */
  save(message: Message): Promise<PublishResult>;
  /** A message has left. */
  forget(message: Message): void;
  /** A message that was kept can never be delivered. */
  setAside(message: Message, reason: DeadReason): void;
  /** Writes what is not written yet, as long as it may take, and gives the store up until it is opened again. */
  close(withinMs: number): Promise<void>;
  /** Whether it is known what earlier runs left. */
  isReady(): boolean;
  /** Whether the store fails, and how many records of earlier runs could not be read. */
  metrics(): { readonly isVolatile: boolean; readonly damaged: number };
}

const encoder = new TextEncoder();
const saved = Promise.resolve(queued);

const recordOf = ({ clock, epochMs, unit }: KeeperParts, base: number, message: Message): StoredMessage => {
  const { order, lane, payload, qos, retain, bornMs } = message;
  const epoch = epochMs();
  return {
    id: base + order,
    topic: lane.topic,
    payload: typeof payload === 'string' ? encoder.encode(payload) : payload,
    qos,
    retain,
    acceptedMs: epoch === undefined ? undefined : Math.round(epoch - (clock.monotonic() - bornMs)),
    unit: message.unit ?? unit(),
  };
};

/** What a store brings that this run does not know of. */
const restoredOf = ({ epochMs }: KeeperParts, base: number, known: ReadonlySet<number>, found: StoredMessages) => {
  const epoch = epochMs();
  const ageOf = ({ acceptedMs }: StoredMessage) =>
    epoch === undefined || acceptedMs === undefined ? 0 : Math.max(0, epoch - acceptedMs);
  return found.messages
    .filter(({ id }) => !known.has(id))
    .map((stored) => ({ stored, order: stored.id - base, ageMs: ageOf(stored) }));
};

/** What this run knows of the store's content. */
const createRecords = (parts: KeeperParts) => {
  const { store, warn, onRestored } = parts;
  const ids = new Set<number>();
  let base: number | undefined;
  let damaged = 0;
  const idOf = ({ order }: Message): number => (base ?? 0) + order;
  return {
    take: (found: StoredMessages) => {
      base ??= found.lastId;
      damaged += found.damaged;
      if (found.damaged > 0) warn(`${found.damaged} damaged records of the outbox were put aside.`);
      found.remarks?.forEach(warn);
      const restored = restoredOf(parts, base, ids, found);
      for (const { stored } of restored) ids.add(stored.id);
      onRestored(restored);
    },
    stored: (message: Message): StoredMessage => recordOf(parts, base ?? 0, message),
    add: (message: Message) => {
      message.isStored = true;
      ids.add(idOf(message));
    },
    remove: (message: Message) => {
      if (message.isStored && ids.delete(idOf(message))) store.remove([idOf(message)]);
    },
    /** Nothing of these is in the store any more. */
    lose: (messages: readonly Message[]) => {
      for (const message of messages) message.isStored = false;
      ids.clear();
    },
    isKnown: () => base !== undefined,
    damaged: () => damaged,
  };
};

type Records = ReturnType<typeof createRecords>;

/** Messages that ought to be in the store, and are not. */
const isUnsaved = ({ isStored, qos, state }: Message): boolean => !isStored && (state === 'waiting' || qos > 0);

/** The most that is appended at once, bytes, unless one message has more. */
const mostAtOnce = 1024 * 1024;

/** Messages in parts that are not too large. */
const inParts = (messages: readonly Message[]): readonly (readonly Message[])[] => {
  const parts: Message[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    bytes += message.bytes;
    if (bytes <= mostAtOnce) parts.at(-1)?.push(message);
    else {
      parts.push([message]);
      ({ bytes } = message);
    }
  }
  return parts;
};

/** Writes messages to the store; those that leave meanwhile are taken out of it again. */
const createWriter = (
  { store, all, warn }: KeeperParts,
  records: Records,
  { state, isOpen, fail, succeed }: Possession,
) => {
  const put = async (messages: readonly Message[]) => {
    const wanted = messages.filter((message) => message.state !== 'gone' && !message.isStored);
    for (const part of inParts(wanted)) {
      await store.append(part.map(records.stored));
      for (const message of part) {
        records.add(message);
        if (message.state === 'gone' && !state.isAway) records.remove(message);
      }
    }
  };
  const putAgain = async (thrown: unknown) => {
    if (!isLoss(thrown)) throw thrown;
    warn(thrown.message);
    records.lose(all());
    await put(all().filter(isUnsaved));
  };
  return async (messages: readonly Message[]): Promise<void> => {
    if (!isOpen() || !records.isKnown()) return;
    await put(messages).catch(putAgain).then(succeed, fail);
  };
};

/** Gathers what is to be written while the write before it is under way. */
const createBatch = (
  { state, fail }: Possession,
  waits: Waits,
  flush: (take: () => readonly Message[]) => Promise<void>,
) => {
  let batch = new Set<Message>();
  let next: Promise<PublishResult> | undefined;
  const take = (): readonly Message[] => {
    const taken = [...batch];
    batch = new Set();
    next = undefined;
    return taken;
  };
  const write = async (): Promise<PublishResult> => {
    if (!(await waits.inTime(flush(take), storeWithinMs))) fail(noAnswer());
    return queued;
  };
  return {
    add: (message: Message) => {
      batch.add(message);
      next ??= write();
      return state.isFailing ? saved : next;
    },
    remove: (message: Message) => {
      batch.delete(message);
    },
  };
};

/** Puts messages aside that can never be delivered; tells once when it can't. */
const createLetters = ({ store, warn }: KeeperParts, records: Records) => {
  let isLossTold = false;
  const tellLoss = (thrown: unknown) => {
    if (!isLossTold) warn(`A message that can never be delivered could not be put aside: ${failureOf(thrown).message}`);
    isLossTold = true;
  };
  return (message: Message, reason: DeadReason) => {
    void store.deadLetter([{ message: records.stored(message), ...reason }]).catch(tellLoss);
  };
};

export const createKeeper = (parts: KeeperParts): Keeper => {
  const { clock, all } = parts;
  const inTurn = createSerialQueue();
  const waits = createWaits(clock);
  const records = createRecords(parts);
  const unsaved = () => all().filter(isUnsaved);
  const recover = async () => {
    if (state.isAway) return;
    await possession.open();
    await inTurn(() => write(unsaved()));
  };
  const possession = createPossession({ ...parts, waits, onOpen: records.take, onRetry: () => void recover() });
  const { state, fail } = possession;
  const write = createWriter(parts, records, possession);
  const batch = createBatch(possession, waits, (take) =>
    inTurn(async () => {
      if (!state.isFailing && !state.isAway) await possession.open();
      const taken = take();
      if (!state.isFailing) await write(taken);
    }),
  );
  const giveUp = async () => {
    await inTurn(async () => undefined);
    if (unsaved().length > 0) await possession.open();
    await write(unsaved());
    await possession.close();
  };

  return {
    open: () => {
      state.isAway = false;
      return possession.open();
    },
    save: batch.add,
    forget: (message) => {
      batch.remove(message);
      records.remove(message);
    },
    setAside: createLetters(parts, records),
    close: async (withinMs) => {
      possession.leave();
      if (!(await waits.inTime(giveUp(), withinMs))) fail(noAnswer());
      waits.end();
    },
    isReady: () => records.isKnown() || state.isFailing,
    metrics: () => ({ isVolatile: state.isFailing, damaged: records.damaged() }),
  };
};

/** Keeps what waits in memory alone. */
export const createNoKeeper = (): Keeper => {
  return {
    open: async () => undefined,
    save: () => saved,
    forget: () => undefined,
    setAside: () => undefined,
    close: async () => undefined,
    isReady: () => true,
    metrics: () => ({ isVolatile: false, damaged: 0 }),
  };
};
