import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isLoss, StorageError } from '../../../services/errors.ts';
import type { StoredMessages } from '../../../services/outbox.ts';
import { makeFolder } from '../fs/durable-file.ts';
import { codeOf } from '../fs/errors.ts';
import { takeLock } from '../fs/lock.ts';
import type { ProcessIdentity } from '../fs/process-identity.ts';
import { isTemporaryName } from '../fs/temporary-files.ts';
import { isSegmentLike, nothingRecovered, recoverOutbox, type Recovered } from './recovery.ts';
import { openSegments, type Segments, type SegmentsOptions } from './segments.ts';

/** A locked outbox folder. */
interface LockedFolder {
  readonly found: StoredMessages;
  /** Its segments, while the folder is this program's. @throws {StorageError} `lost` if another one has taken it over. */
  segments(): Promise<Segments>;
  isEmpty(): boolean;
  /** Makes everything durable, releases the lock, and removes the folder if empty. */
  release(): Promise<void>;
}

const nothingFound: StoredMessages = { messages: [], lastId: 0, damaged: 0 };

/** Names listed in a remark. */
const maxNames = 5;

const passedOver = (folder: string, names: readonly string[]): string => {
  const others = names.length > maxNames ? ` and ${names.length - maxNames} others` : '';
  return `Passed over in ${folder}, as no files of the outbox: ${names.slice(0, maxNames).join(', ')}${others}. Move them away.`;
};

const inUse = (folder: string) =>
  new StorageError('io', `The outbox in ${folder} is in use by another program of this unit. Stop one of the two.`);

const unseen = (folder: string, { pid }: ProcessIdentity) =>
  new StorageError(
    'io',
    `The outbox in ${folder} is locked by process ${pid}, which can't be seen from here, as in another container. If that runs, stop one of the two; else what is in it is taken over within a minute.`,
  );

const takenOver = (folder: string) =>
  new StorageError(
    'lost',
    `The outbox in ${folder} is another program's: it was taken over while this one stood still, or removed. What waits is written again.`,
  );

const leftMeanwhile = (folder: string) =>
  new StorageError(
    'lost',
    `Another program of this unit has left messages in the outbox in ${folder}. They are taken over.`,
  );

/** Locks a folder, and takes over its segments. */
const lockFolder = async (
  options: SegmentsOptions,
  recover: (folder: string) => Promise<Recovered> = recoverOutbox,
): Promise<LockedFolder> => {
  const { folder } = options;
  await makeFolder(folder);
  const lock = await takeLock({
    path: join(folder, 'lock'),
    inUse: () => inUse(folder),
    // Whoever opens it must not stand still: it is opened again later.
    watch: (holder) => Promise.reject(unseen(folder, holder)),
  });
  try {
    const recovered = await recover(folder);
    const messages = [...recovered.messages.values()].toSorted((a, b) => a.id - b.id);
    const { lastId, damaged } = recovered;
    const remarks = recovered.strange.length > 0 ? [passedOver(folder, recovered.strange)] : [];
    const segments = openSegments(options, recovered);
    const release = async () => {
      try {
        await segments.close();
      } finally {
        await lock.release();
      }
      // Fails unless the folder is empty.
      await rmdir(folder).catch(() => undefined);
    };
    const ownSegments = async () => {
      if (!(await lock.isHeld())) throw takenOver(folder);
      return segments;
    };
    const isEmpty = () => recovered.places.size === 0;
    return { found: { messages, lastId, damaged, remarks }, segments: ownSegments, isEmpty, release };
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
};

/** Locks a folder in which nothing was when it was opened. */
const lockVacant = (options: SegmentsOptions): Promise<LockedFolder> =>
  lockFolder(options, async (folder) => {
    if ((await readdir(folder)).some(isSegmentLike)) throw leftMeanwhile(folder);
    return nothingRecovered();
  });

/** Whether a name is, or was left by, a lock: it tells that another program has the outbox, or was killed with it. */
const isOfLock = (name: string): boolean => /^lock(?:\.|$)/.test(name) || isTemporaryName(name);

/** Whether there may be messages in a folder, or another program that has it. */
const isUsed = async (folder: string): Promise<boolean> => {
  try {
    return (await readdir(folder)).some((name) => isSegmentLike(name) || isOfLock(name));
  } catch (thrown) {
    // What else keeps it from being read is told by the lock.
    return codeOf(thrown) !== 'ENOENT';
  }
};

const closed = (folder: string) => new StorageError('io', `The outbox in ${folder} is closed. Open it first.`);

/** The folder of an outbox. It is locked while there is something in it; as long as nothing is stored nothing is written. */
export class OutboxFolder {
  readonly #options: SegmentsOptions;
  #isOpen = false;
  #locked: LockedFolder | undefined;

  constructor(options: SegmentsOptions) {
    this.#options = options;
  }

  async open(): Promise<StoredMessages> {
    await this.close();
    if (await isUsed(this.#options.folder)) this.#locked = await lockFolder(this.#options);
    this.#isOpen = true;
    return this.#locked?.found ?? nothingFound;
  }

  /**
   * Its segments, for writing; locks the folder where need be.
   *
   * @throws {StorageError} `io` if it is not open or another program has it, `lost`
   */
  async segments(): Promise<Segments> {
    if (!this.#isOpen) throw closed(this.#options.folder);
    this.#locked ??= await lockVacant(this.#options);
    return this.#locked.segments();
  }

  /** Its segments, if it is locked. @throws {StorageError} `lost` */
  async currentSegments(): Promise<Segments | undefined> {
    return this.#locked?.segments();
  }

  /** Whether it is locked with no message in it. */
  isIdle(): boolean {
    return this.#locked?.isEmpty() === true;
  }

  /** Lets the folder go if it is idle, until there is something to write. */
  async vacate(): Promise<void> {
    if (this.isIdle()) await this.#release();
  }

  /** Rethrows a task's error; closes the folder first after a loss. */
  async onFailure(thrown: unknown): Promise<never> {
    if (isLoss(thrown)) await this.close().catch(() => undefined);
    throw thrown;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#release();
  }

  async #release(): Promise<void> {
    const released = this.#locked;
    this.#locked = undefined;
    await released?.release();
  }
}
