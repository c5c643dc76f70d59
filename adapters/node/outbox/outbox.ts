import { constants } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timers } from '../../../services/clock.ts';
import { StorageError } from '../../../services/errors.ts';
import type { DeadLetter, Outbox, StoredMessage, StoredMessages } from '../../../services/outbox.ts';
import { Timer } from '../../shared/clock.ts';
import { SerialQueue } from '../../shared/serialize.ts';
import { makeFolder } from '../fs/durable-file.ts';
import { storageError } from '../fs/errors.ts';
import { openRegularFile } from '../fs/open-regular-file.ts';
import { OutboxFolder } from './folder.ts';
import { hostOutboxFs, type OutboxFs } from './segments.ts';

/** Options of the file outbox. */
export interface FileOutboxOptions {
  /** The outbox's own folder; created with the first stored message, for this user alone (0700). */
  readonly folder: string;
  readonly clock: Timers;
  /** Time of messages that a power cut may lose, milliseconds. @defaultValue 1_000 */
  readonly syncEveryMs?: number;
  /** Delay of removals, milliseconds: a kill may bring back those of this time. @defaultValue 200 */
  readonly removeEveryMs?: number;
  /** Bytes after which a new file begins. @defaultValue 256 KiB */
  readonly segmentBytes?: number;
  /** @defaultValue the host's file system */
  readonly fs?: OutboxFs;
}

/** How long an outbox is empty before its folder is let go, milliseconds. */
const vacateAfterMs = 60_000;

/** Size at which `dead.ndjson` becomes `dead.old.ndjson`, in place of the previous one. */
const deadFileBytes = 512 * 1024;

const lineOf = ({ message, reason, reasonCode }: DeadLetter): string => {
  const { topic, payload, qos, retain, acceptedMs, unit } = message;
  const acceptedAt = acceptedMs === undefined ? undefined : new Date(acceptedMs).toISOString();
  return `${JSON.stringify({ topic, payload: Buffer.from(payload).toString('base64'), qos, retain, acceptedAt, unit, reason, reasonCode })}\n`;
};

const openDeadLetters = async (path: string) => {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants;
  const handle = await openRegularFile(path, O_APPEND | O_CREAT | O_WRONLY);
  if (handle) return handle;
  throw new StorageError('io', `${path} can't be written, as it is no file. Move it away.`);
};

/** Appends dead letters to `dead.ndjson`, payloads in base64; keeps the newest megabyte or so. */
const writeDeadLetters = async (folder: string, letters: readonly DeadLetter[]): Promise<void> => {
  const path = join(folder, 'dead.ndjson');
  await makeFolder(folder);
  let handle = await openDeadLetters(path);
  try {
    if ((await handle.stat()).size >= deadFileBytes) {
      await handle.close();
      await rename(path, join(folder, 'dead.old.ndjson'));
      handle = await openDeadLetters(path);
    }
    await handle.appendFile(letters.map(lineOf).join(''));
  } finally {
    await handle.close();
  }
};

/**
 * Keeps messages in append-only files, each record with a checksum.
 *
 * Appended messages are in the host's cache when the promise resolves, and synced within a second. Removals are records
 * too; a file is deleted once it and all before it hold no kept message. Disk use is at most about twice the kept
 * messages. Files are for this user alone (0600).
 *
 * It takes its folder for this program alone with the first stored message, or at once where something is in it, and lets it
 * go when it has been empty for a minute: a program that stores nothing writes nothing.
 */
class FileOutbox implements Outbox {
  readonly #options: FileOutboxOptions;
  readonly #files: OutboxFolder;
  readonly #turns = new SerialQueue();
  readonly #sync: Timer;
  readonly #vacation: Timer;
  readonly #removal: Timer;
  #removed: number[] = [];
  #unattendedFailure: unknown;

  constructor(options: FileOutboxOptions) {
    const { folder, clock, segmentBytes = 256 * 1024, fs = hostOutboxFs } = options;
    this.#options = options;
    this.#files = new OutboxFolder({ folder, fs, segmentBytes });
    this.#sync = new Timer(clock, () => void this.#unattended(() => this.#syncFiles()));
    this.#vacation = new Timer(clock, () => void this.#unattended(() => this.#files.vacate()));
    this.#removal = new Timer(clock, () => void this.#unattended(() => this.#removeGathered()));
  }

  open(): Promise<StoredMessages> {
    return this.#guarded('opened', async () => {
      const found = await this.#files.open();
      if (this.#files.isIdle()) this.#vacation.start(vacateAfterMs);
      return found;
    });
  }

  append(messages: readonly StoredMessage[]): Promise<void> {
    return this.#guarded('written', async () => {
      const failure = this.#unattendedFailure;
      this.#unattendedFailure = undefined;
      if (failure !== undefined) throw failure;
      this.#vacation.stop();
      const segments = await this.#files.segments();
      this.#startSync();
      await segments.append(messages);
    });
  }

  remove(ids: readonly number[]): void {
    for (const id of ids) this.#removed.push(id);
    this.#removal.start(this.#options.removeEveryMs ?? 200);
  }

  deadLetter(letters: readonly DeadLetter[]): Promise<void> {
    return this.#guarded('written', () => writeDeadLetters(this.#options.folder, letters));
  }

  async close(): Promise<void> {
    this.#removal.stop();
    await this.#unattended(() => this.#removeGathered());
    await this.#unattended(() => this.#files.close());
    this.#removed = [];
    for (const timer of [this.#removal, this.#sync, this.#vacation]) timer.stop();
  }

  #startSync(): void {
    this.#sync.start(this.#options.syncEveryMs ?? 1_000);
  }

  async #syncFiles(): Promise<void> {
    await (await this.#files.currentSegments())?.sync();
  }

  async #removeGathered(): Promise<void> {
    const ids = this.#removed;
    this.#removed = [];
    const segments = await this.#files.currentSegments();
    if (!segments) return;
    this.#startSync();
    await segments.remove(ids);
    if (this.#files.isIdle()) this.#vacation.start(vacateAfterMs);
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    return this.#turns.run(() => task().catch((thrown: unknown) => this.#files.onFailure(thrown)));
  }

  async #guarded<T>(action: string, task: () => Promise<T>): Promise<T> {
    try {
      return await this.#inTurn(task);
    } catch (thrown) {
      throw storageError(`The outbox in ${this.#options.folder}`, action, thrown);
    }
  }

  /** Runs a task without awaiting it: its failure is thrown by the next append. */
  async #unattended(task: () => Promise<void>): Promise<void> {
    try {
      await this.#inTurn(task);
    } catch (thrown) {
      this.#unattendedFailure = thrown;
    }
  }
}

/** Creates the outbox of a unit in its folder. */
export const fileOutbox = (options: FileOutboxOptions): Outbox => new FileOutbox(options);
