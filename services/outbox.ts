import type { Qos } from './broker.ts';

/** A message that waits for the link, as a store keeps it. */
export interface StoredMessage {
  /** Its place among all messages; never used twice while any of them is kept. */
  readonly id: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  /** When it was accepted, Unix milliseconds; `undefined` when no time was trusted then. */
  readonly acceptedMs: number | undefined;
  /** UUID of the unit whose message it is, in lower case; `undefined` when it was not known then. */
  readonly unit: string | undefined;
}

/** What a store held when it was opened. */
export interface StoredMessages {
  /** Every message that was appended and not removed, by id. */
  readonly messages: readonly StoredMessage[];
  /** The highest id that it knows of, also of a removed message; 0 when there is none. */
  readonly lastId: number;
  /** Records that could not be read, and were put aside. */
  readonly damaged: number;
  /** What else was found that somebody has to look at, in sentences. */
  readonly remarks?: readonly string[];
}

/** Why a message will never be delivered. */
export interface DeadReason {
  readonly reason: string;
  /** The broker's (MQTT 5 section 2.4), where it was the broker who said so. */
  readonly reasonCode?: number | undefined;
}

/** A message that can never be delivered, and why. */
export interface DeadLetter extends DeadReason {
  readonly message: StoredMessage;
}

/**
 * Keeps the messages that wait for the link through a restart of the program: files on Node, IndexedDB in a browser.
 *
 * A store belongs to one unit, and to one program at a time.
 */
export interface Outbox {
  /**
   * Takes possession of the store and reads what is in it.
   *
   * @throws {StorageError} `io`, `unsupported`; it may be tried again.
   */
  open(): Promise<StoredMessages>;
  /**
   * Keeps messages. When it resolves, they outlive a kill of the program; a power cut may cost those of the last
   * second or so.
   *
   * @throws {StorageError} `io`, such as a full disk; none of them is kept then. `lost` when what was kept before may
   * be gone as well; it may be appended again, under the same ids.
   */
  append(messages: readonly StoredMessage[]): Promise<void>;
  /**
   * Lets go of messages; soon, not at once. A kill before that brings them back, never others.
   * An id that is not kept is passed over.
   */
  remove(ids: readonly number[]): void;
  /** Keeps messages that can never be delivered where somebody can look at them, within a bound; the oldest go first. */
  deadLetter(letters: readonly DeadLetter[]): Promise<void>;
  /** Makes everything durable and gives the store up; it may be opened again. Never rejects. */
  close(): Promise<void>;
}
