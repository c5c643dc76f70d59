import { createSerialQueue } from '../../../adapters/shared/serialize.ts';
import type { Clock } from '../../../services/clock.ts';
import { failureOf, StorageError } from '../../../services/errors.ts';
import type { Outbox, StoredMessages } from '../../../services/outbox.ts';
import type { Waits } from '../timeout.ts';

export interface PossessionParts {
  readonly store: Outbox;
  readonly clock: Clock;
  readonly waits: Waits;
  readonly warn: (message: string) => void;
  /** The store is open: this is in it. */
  readonly onOpen: (found: StoredMessages) => void;
  /** The store was opened, or failed. */
  readonly onReady: () => void;
  /** The store ought to be tried again. */
  readonly onRetry: () => void;
}

/** The store, held or failing. */
export interface Possession {
  readonly state: {
    /** Whether the store fails. */
    readonly isFailing: boolean;
    /** Whether the store is left to others: then it is not tried again. */
    isAway: boolean;
  };
  /** Resolves once the store is open, or has failed. Never rejects. */
  open(): Promise<void>;
  /** Gives the store up. */
  close(): Promise<void>;
  isOpen(): boolean;
  fail(thrown: unknown): void;
  succeed(): void;
  /** Tries a store that failed no more. */
  leave(): void;
}

/** How long a store may take before it counts as failing, milliseconds. */
export const storeWithinMs = 10_000;
/** How long a store that failed is left alone, milliseconds. */
const retryMs = 30_000;

export const noAnswer = () => new StorageError('io', 'The outbox does not answer. Check the disk.');

/** Opens the store, once at a time, and remembers whether it fails. */
export const createPossession = (parts: PossessionParts): Possession => {
  const { store, clock, waits, warn, onOpen, onReady, onRetry } = parts;
  const inTurn = createSerialQueue();
  const state = { isFailing: false, isAway: false };
  let asked: Promise<StoredMessages> | undefined;
  let opening: Promise<void> | undefined;
  let timer: unknown;

  const fail = (thrown: unknown) => {
    if (!state.isFailing) warn(`What waits for the link is kept in memory alone: ${failureOf(thrown).message}`);
    state.isFailing = true;
    clock.clearTimeout(timer);
    if (!state.isAway) timer = clock.setTimeout(onRetry, retryMs);
  };
  const answered = () => {
    // Nobody waits for it any more: it came late.
    if (opening === undefined) onRetry();
  };
  const ask = (): Promise<StoredMessages> => {
    if (asked) return asked;
    asked = inTurn(() => store.open());
    asked.then(answered, () => (asked = undefined));
    return asked;
  };
  const take = async () => {
    const answer = ask();
    try {
      if (!(await waits.inTime(answer, storeWithinMs))) throw noAnswer();
      onOpen(await answer);
    } catch (thrown) {
      opening = undefined;
      fail(thrown);
    }
    onReady();
  };
  return {
    state,
    open: () => (opening ??= take()),
    close: async () => {
      await opening;
      if (asked === undefined) return;
      asked = undefined;
      opening = undefined;
      await inTurn(() => store.close());
    },
    isOpen: () => opening !== undefined,
    fail,
    succeed: () => {
      if (state.isFailing) warn('What waits for the link is kept on disk again.');
      state.isFailing = false;
    },
    leave: () => {
      state.isAway = true;
      clock.clearTimeout(timer);
    },
  };
};
