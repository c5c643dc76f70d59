import { serial } from '../../adapters/shared/serial.ts';
import type { Clock } from '../../services/clock.ts';
import { failureOf } from '../../services/errors.ts';
import type { DeadReason, Outbox, StoredMessage, StoredMessages } from '../../services/outbox.ts';
import type { Message } from './outbox-queue.ts';
import { queued, type PublishResult } from './publish-result.ts';

/** What the keeper stands between. */
export interface KeeperParts {
  readonly store: Outbox;
  readonly clock: Clock;
  /** Unix milliseconds; `undefined` while no time is trusted. */
  readonly epochMs: () => number | undefined;
  readonly warn: (message: string) => void;
  /** Messages that ought to be in the store, and are not. */
  readonly unsaved: () => readonly Message[];
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
  /** Writes what is not written yet, and gives the store up until it is opened again. */
  close(): Promise<void>;
  /** Whether it is known what earlier runs left. */
  isReady(): boolean;
  /** Whether the store fails, and how many records of earlier runs could not be read. */
  figures(): { readonly isVolatile: boolean; readonly damaged: number };
}

/** How long a store that failed is left alone, milliseconds. */
const retryMs = 30_000;
const encoder = new TextEncoder();

const recordOf = ({ clock, epochMs }: KeeperParts, base: number, message: Message): StoredMessage => {
  const { order, lane, payload, qos, retain, bornMs } = message;
  const epoch = epochMs();
  return {
    id: base + order,
    topic: lane.topic,
    payload: typeof payload === 'string' ? encoder.encode(payload) : payload,
    qos,
    retain,
    acceptedMs: epoch === undefined ? undefined : Math.round(epoch - (clock.monotonic() - bornMs)),
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

/** Opens the store, and remembers whether it fails and how far its numbers are ahead of this run's. */
const createPossession = (parts: KeeperParts, retry: () => void) => {
  const { store, clock, warn, onRestored, onReady } = parts;
  const ids = new Set<number>();
  const state = { base: undefined as number | undefined, isFailing: false, isAway: false, damaged: 0 };
  let opening: Promise<void> | undefined;
  let timer: unknown;
  const fail = (thrown: unknown) => {
    if (!state.isFailing) warn(`What waits for the link is kept in memory alone: ${failureOf(thrown).message}`);
    state.isFailing = true;
    clock.clearTimeout(timer);
    timer = clock.setTimeout(retry, retryMs);
  };
  const take = async () => {
    try {
      const found = await store.open();
      state.base ??= found.lastId;
      state.damaged += found.damaged;
      if (found.damaged > 0) warn(`${found.damaged} damaged records of the outbox were put aside.`);
      found.remarks?.forEach(warn);
      const restored = restoredOf(parts, state.base, ids, found);
      for (const { stored } of restored) ids.add(stored.id);
      onRestored(restored);
    } catch (thrown) {
      opening = undefined;
      fail(thrown);
    }
    onReady();
  };
  return {
    /** Ids that this run knows the store to have. */
    ids,
    state,
    open: () => (opening ??= take()),
    isOpen: () => opening !== undefined && state.base !== undefined,
    fail,
    succeed: () => {
      if (state.isFailing) warn('What waits for the link is kept on disk again.');
      state.isFailing = false;
    },
    close: async () => {
      await opening;
      clock.clearTimeout(timer);
      if (opening === undefined) return;
      opening = undefined;
      await store.close();
    },
  };
};

type Possession = ReturnType<typeof createPossession>;

/** Writes messages to the store, and takes them out of it. */
const createWriter = (parts: KeeperParts, { ids, state, isOpen, fail, succeed }: Possession) => {
  const { store } = parts;
  const idOf = ({ order }: Message): number => (state.base ?? 0) + order;
  const stored = (message: Message): StoredMessage => recordOf(parts, state.base ?? 0, message);
  const forget = (message: Message) => {
    if (message.isStored && ids.delete(idOf(message))) store.remove([idOf(message)]);
  };
  return {
    stored,
    forget,
    write: async (messages: readonly Message[]) => {
      if (!isOpen()) return;
      const wanted = messages.filter((message) => message.state !== 'gone' && !message.isStored);
      try {
        if (wanted.length > 0) await store.append(wanted.map(stored));
      } catch (thrown) {
        return fail(thrown);
      }
      succeed();
      for (const message of wanted) {
        message.isStored = true;
        ids.add(idOf(message));
        if (message.state === 'gone') forget(message);
      }
    },
  };
};

export const createKeeper = (parts: KeeperParts): Keeper => {
  const { store, unsaved, warn } = parts;
  const possession = createPossession(parts, () => void recover());
  const { state } = possession;
  const { stored, forget, write } = createWriter(parts, possession);
  let batch: Message[] = [];
  let next: Promise<PublishResult> | undefined;
  const inTurn = serial();
  let isLossTold = false;
  const tellLoss = (thrown: unknown) => {
    if (!isLossTold) warn(`A message that can never be delivered could not be put aside: ${failureOf(thrown).message}`);
    isLossTold = true;
  };

  const flush = async (): Promise<PublishResult> => {
    if (!state.isFailing && !state.isAway) await possession.open();
    const taken = batch;
    batch = [];
    next = undefined;
    if (!state.isFailing) await write(taken);
    return queued;
  };
  const recover = async () => {
    await possession.open();
    await inTurn(() => write(unsaved()));
  };

  return {
    open: () => {
      state.isAway = false;
      return possession.open();
    },
    save: (message) => {
      batch.push(message);
      return (next ??= inTurn(flush));
    },
    forget,
    setAside: (message, reason) => {
      void store.setAside([{ message: stored(message), ...reason }]).catch(tellLoss);
    },
    close: async () => {
      await inTurn(async () => undefined);
      if (unsaved().length > 0) await possession.open();
      await write(unsaved());
      state.isAway = true;
      await possession.close();
    },
    isReady: () => state.base !== undefined || state.isFailing,
    figures: () => ({ isVolatile: state.isFailing, damaged: state.damaged }),
  };
};

/** Keeps what waits in memory alone. */
export const createNoKeeper = (): Keeper => {
  const saved = Promise.resolve(queued);
  return {
    open: async () => undefined,
    save: () => saved,
    forget: () => undefined,
    setAside: () => undefined,
    close: async () => undefined,
    isReady: () => true,
    figures: () => ({ isVolatile: false, damaged: 0 }),
  };
};
