import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isLoss, StorageError } from '../../../services/errors.ts';
import type { StoredMessages } from '../../../services/outbox.ts';
import { makeFolder } from '../fs/durable-file.ts';
import { takeLock } from '../fs/lock.ts';
import { recoverOutbox } from './recovery.ts';
import { openSegments, type Segments, type SegmentsOptions } from './segments.ts';

/** A locked outbox folder. */
interface LockedFolder {
  readonly found: StoredMessages;
  /** Its segments, while the folder is this program's. @throws {StorageError} `lost` if another one has taken it over. */
  segments(): Promise<Segments>;
  /** Makes everything durable, releases the lock, and removes the folder if empty. */
  release(): Promise<void>;
}

/** Names listed in a remark. */
const maxNames = 5;

const passedOver = (folder: string, names: readonly string[]): string => {
  const others = names.length > maxNames ? ` and ${names.length - maxNames} others` : '';
  return `Passed over in ${folder}, as no files of the outbox: ${names.slice(0, maxNames).join(', ')}${others}. Move them away.`;
};

const inUse = (folder: string) =>
  new StorageError('io', `The outbox in ${folder} is in use by another program of this unit. Stop one of the two.`);

const takenOver = (folder: string) =>
  new StorageError(
    'lost',
    `The outbox in ${folder} is another program's: it was taken over while this one stood still, or removed. What waits is written again.`,
  );

/** Locks a folder and reads its segments. */
const lockFolder = async (options: SegmentsOptions): Promise<LockedFolder> => {
  const { folder } = options;
  await makeFolder(folder);
  const lock = await takeLock({ path: join(folder, 'lock'), inUse: () => inUse(folder) });
  try {
    const recovered = await recoverOutbox(folder);
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
    return { found: { messages, lastId, damaged, remarks }, segments: ownSegments, release };
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
};

/** The folder of an open outbox. */
export interface OutboxFolder {
  open(): Promise<StoredMessages>;
  /** Its segments, for writing. @throws {StorageError} `io` if it is not open, `lost` */
  segments(): Promise<Segments>;
  /** Its segments, if it is open. @throws {StorageError} `lost` */
  currentSegments(): Promise<Segments | undefined>;
  /** Rethrows a task's error; closes the folder first after a loss. */
  onFailure(thrown: unknown): Promise<never>;
  close(): Promise<void>;
}

const closed = (folder: string) => new StorageError('io', `The outbox in ${folder} is closed. Open it first.`);

export const createOutboxFolder = (options: SegmentsOptions): OutboxFolder => {
  let locked: LockedFolder | undefined;
  const close = async () => {
    const released = locked;
    locked = undefined;
    await released?.release();
  };
  return {
    open: async () => {
      await close();
      locked = await lockFolder(options);
      return locked.found;
    },
    segments: async () => {
      if (!locked) throw closed(options.folder);
      return locked.segments();
    },
    currentSegments: async () => locked?.segments(),
    onFailure: async (thrown) => {
      if (isLoss(thrown)) await close().catch(() => undefined);
      throw thrown;
    },
    close,
  };
};
