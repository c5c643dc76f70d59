import type { Qos } from './broker.ts';

/** A queued message, as a store keeps it. */
export interface StoredMessage {
  /** Position among all messages; not reused while any message is kept. */
  readonly id: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  /** Unix milliseconds of its acceptance; `undefined` if no time was trusted then. */
  readonly acceptedMs: number | undefined;
  /** UUID of the unit that published it, in lower case; `undefined` if unknown then. */
  readonly unit: string | undefined;
}

/** Contents of a store when it was opened. */
export interface StoredMessages {
  /** Every appended message that was not removed, by id. */
  readonly messages: readonly StoredMessage[];
  /** Highest id seen, even of a removed message; 0 if there is none. */
  readonly lastId: number;
  /** Unreadable records that were moved aside. */
  readonly damaged: number;
  /** Other findings that need a person's attention, as sentences. */
  readonly remarks?: readonly string[];
}

/** The reason why a message can't be delivered. */
export interface DeadReason {
  readonly reason: string;
  /** The broker's reason code (MQTT 5 section 2.4), if the broker refused it. */
  readonly reasonCode?: number | undefined;
}

/** A message that can't be delivered, and the reason. */
export interface DeadLetter extends DeadReason {
  readonly message: StoredMessage;
}

/**
 * Keeps queued messages through a restart of the program: files on Node, IndexedDB in a browser.
 *
 * A store belongs to one unit, and to one program at a time.
 */
export interface Outbox {
  /**
   * Opens the store for this program alone and reads its messages. One with nothing in it may be taken by the first append.
   *
   * @throws {StorageError} `io`, `unsupported`; may be retried.
   */
  open(): Promise<StoredMessages>;
  /**
   * Stores messages. Once it resolves they survive a kill of the program; a power cut may lose those of the last second
   * or so.
   *
   * @throws {StorageError} `io`, such as a full disk, or another program that has the store: none of them is stored. `lost`: earlier messages may be gone too,
   *   or be another program's by now; open it again.
   */
  append(messages: readonly StoredMessage[]): Promise<void>;
  /** Removes messages, with a delay. After a kill within that delay they come back. Ignores unknown ids. */
  remove(ids: readonly number[]): void;
  /** Moves undeliverable messages to a bounded place for inspection; the oldest are removed first. */
  deadLetter(letters: readonly DeadLetter[]): Promise<void>;
  /** Makes everything durable and releases the store; it may be opened again. Never rejects. */
  close(): Promise<void>;
}
