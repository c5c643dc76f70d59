import { inGroups } from '../../../adapters/shared/mqtt/packet-size.ts';
import { isLoss } from '../../../services/errors.ts';
import type { Outbox } from '../../../services/outbox.ts';
import { Ledger } from './ledger.ts';
import type { Message } from './message.ts';
import type { PersistenceParts, Records } from './records.ts';

/** The most that is appended at once, bytes, unless one message has more. */
const maxAppendBytes = 1024 * 1024;

const bytesOf = ({ bytes }: Message): number => bytes;

export interface SessionParts extends PersistenceParts {
  readonly store: Outbox;
  readonly records: Records;
  /** Gets what the store had of earlier runs, each time it was opened. */
  readonly onRestored: (messages: readonly Message[]) => void;
}

/** The open store. */
export class Session {
  readonly #parts: SessionParts;
  readonly #status: { isReady: boolean };
  readonly #ledger: Ledger;
  #isOpen = false;
  /** Whether the store lost what it had: what is damaged in it is written again. */
  #isLost = false;

  /** @param status Is told once it is known what earlier runs left. */
  constructor(parts: SessionParts, status: { isReady: boolean }) {
    this.#parts = parts;
    this.#status = status;
    this.#ledger = new Ledger(parts.store, parts.records);
  }

  /** Whether there are messages that the store lacks. */
  get isBehind(): boolean {
    return this.#ledger.pending.size > 0;
  }

  /** A message is to be written. */
  add(message: Message): void {
    this.#ledger.add(message);
  }

  /** Opens the store where need be, and takes over what it has. @throws {StorageError} */
  async open(): Promise<void> {
    if (this.#isOpen) return;
    const { store, records, queue, warn, onRestored } = this.#parts;
    const found = await store.open();
    records.numberFrom(found.lastId, this.#ledger.pending);
    const restored = queue.restore(records.read(this.#ledger.takeOver(found.messages)));
    for (const message of restored) this.#ledger.markStored(message, records.idOf(message));
    this.#isOpen = true;
    this.#status.isReady = true;
    const damaged = this.#isLost ? 0 : found.damaged;
    this.#isLost = false;
    queue.counts.damaged += damaged;
    if (damaged > 0) warn(`${damaged} damaged records of the outbox were put aside.`);
    found.remarks?.forEach(warn);
    onRestored(restored);
  }

  /** Opens the store where need be, and writes what is pending; all, when the store lost what it had. @throws {StorageError} */
  async update(): Promise<void> {
    try {
      await this.#update();
    } catch (thrown) {
      if (!isLoss(thrown)) throw thrown;
      this.#parts.warn(thrown.message);
      this.#ledger.lose();
      this.#isLost = true;
      this.#isOpen = false;
      await this.#update();
    }
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.#parts.store.close();
    this.#isOpen = false;
  }

  async #update(): Promise<void> {
    await this.open();
    const { store, records } = this.#parts;
    const ledger = this.#ledger;
    for (const group of inGroups([...ledger.pending], bytesOf, maxAppendBytes)) {
      const written = group.map((message) => ({ message, record: records.recordOf(message) }));
      await store.append(written.map(({ record }) => record));
      for (const { message, record } of written) {
        ledger.markStored(message, record.id);
        if (message.state === 'gone') ledger.forget(message);
      }
    }
    ledger.removeLeft();
  }
}
