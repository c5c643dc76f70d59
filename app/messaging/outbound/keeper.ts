import { Timer } from '../../../adapters/shared/clock.ts';
import { SerialQueue } from '../../../adapters/shared/serialize.ts';
import { failureOf, StorageError } from '../../../services/errors.ts';
import { createTimeouts, type Timeouts } from '../timeout.ts';
import type { Message } from './message.ts';
import { queued, type PublishResult } from './result.ts';
import { Session, type SessionParts } from './session.ts';

/** How long a store may take before it counts as failing, milliseconds. */
const storeWithinMs = 10_000;
/** How long a store that failed is left alone, milliseconds. */
const retryMs = 30_000;

const saved = Promise.resolve(queued);

const noAnswer = () => new StorageError('io', 'The outbox does not answer. Check the disk.');

/** Messages that ought to be in the store, and are not. */
const isUnsaved = ({ isStored, qos, state }: Message): boolean => !isStored && (state === 'waiting' || qos > 0);

interface Status {
  /** Whether it is known what earlier runs left, or that the store fails; once true, always true. */
  isReady: boolean;
  /** Whether the store fails. */
  isVolatile: boolean;
  /** Whether the store is left to another program. */
  isAway: boolean;
}

/** Where messages are kept. */
export interface Keeper {
  readonly status: Readonly<Status>;
  /** Reads what earlier runs left. Never rejects. */
  open(): Promise<unknown>;
  /** Resolves once the message is kept; at once where it may be written later. Never rejects. */
  save(message: Message, withinMs?: number): Promise<PublishResult>;
  /** Writes what is not written yet, as long as it may take, and gives the store up until it is opened again. */
  close(withinMs: number): Promise<unknown>;
}

/** Keeps messages in memory alone. */
export const inMemory: Keeper = {
  status: { isReady: true, isVolatile: false, isAway: false },
  open: async () => undefined,
  save: () => saved,
  close: async () => undefined,
};

export interface KeeperParts extends SessionParts {
  /** Called each time when it is known what waits: the store was opened, or failed. */
  readonly onReady: () => void;
}

/** Keeps messages in the store, or in memory alone while the store fails. Writes one thing after the other. */
export class StoreKeeper implements Keeper {
  readonly status: Status = { isReady: false, isVolatile: false, isAway: false };
  readonly #parts: KeeperParts;
  readonly #session: Session;
  readonly #turns = new SerialQueue();
  readonly #timeouts: Timeouts;
  /** The time limit of a write begins when all timers that are due have run, however late they are. */
  readonly #later: Timer;
  readonly #update = () => this.#writePending();
  #retry: unknown;
  #next: Promise<PublishResult> | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#session = new Session(parts, this.status);
    this.#timeouts = createTimeouts(parts.clock);
    this.#later = new Timer(parts.clock, () =>
      queueMicrotask(() => {
        if (this.#session.isBehind) void this.#write();
      }),
    );
  }

  open(): Promise<unknown> {
    const hasUnwritten = this.status.isAway && this.#session.isBehind;
    this.status.isAway = false;
    if (hasUnwritten) return this.#write();
    return this.#inTime(() => this.#attempt(() => this.#session.open()), storeWithinMs);
  }

  save(message: Message, withinMs = 0): Promise<PublishResult> {
    if (message.isStored) return saved;
    this.#session.add(message);
    if (this.status.isVolatile || this.status.isAway) return saved;
    if (withinMs === 0) return this.#write();
    this.#later.start(withinMs);
    return saved;
  }

  async close(withinMs: number): Promise<void> {
    this.status.isAway = true;
    this.#later.stop();
    this.#next = undefined;
    this.#parts.clock.clearTimeout(this.#retry);
    await this.#inTime(() => this.#leave(), withinMs);
    this.#timeouts.endAll();
  }

  /** Writes what is pending; what becomes so until that begins is written with it. */
  #write(): Promise<PublishResult> {
    return (this.#next ??= this.#inTime(this.#update, storeWithinMs));
  }

  async #writePending(): Promise<void> {
    this.#next = undefined;
    await this.#attempt(() => this.#session.update());
  }

  async #leave(): Promise<void> {
    for (const message of this.#parts.queue.all()) if (isUnsaved(message)) this.#session.add(message);
    if (this.#session.isBehind) await this.#writePending();
    await this.#session.close();
  }

  async #inTime(work: () => Promise<void>, ms: number): Promise<PublishResult> {
    if (!(await this.#timeouts.withTimeout(this.#turns.run(work), ms))) this.#fail(noAnswer());
    return queued;
  }

  /** Does something with the store; where that fails, it is tried again later. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    const { clock, warn } = this.#parts;
    try {
      await work();
      // What was saved while the store failed has asked for no write of its own.
      if (this.status.isVolatile && this.#session.isBehind) return await this.#writePending();
      if (this.status.isVolatile) warn('What waits for the link is kept on disk again.');
      this.status.isVolatile = false;
    } catch (thrown) {
      this.#fail(thrown);
      clock.clearTimeout(this.#retry);
      if (!this.status.isAway) this.#retry = clock.setTimeout(() => void this.#turns.run(this.#update), retryMs);
    }
  }

  #fail(thrown: unknown): void {
    const { warn, onReady } = this.#parts;
    if (!this.status.isVolatile) warn(`What waits for the link is kept in memory alone: ${failureOf(thrown).message}`);
    this.status.isVolatile = true;
    this.status.isReady = true;
    onReady();
  }
}
