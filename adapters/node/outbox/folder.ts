import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isLoss, StorageError } from '../../../services/errors.ts';
import type { StoredMessages } from '../../../services/outbox.ts';
import { makeFolder } from '../fs/durable-file.ts';
import { takeLock } from '../fs/lock.ts';
import { recoverOutbox } from './recovery.ts';
import { openSegments, type Segments } from './segments.ts';
import type { SegmentsOptions } from './writer.ts';

/** An outbox's folder, taken for this process alone. */
interface Possession {
  readonly found: StoredMessages;
  readonly segments: Segments;
  /** Makes everything durable, and leaves nothing but what is kept. */
  giveUp(): Promise<void>;
}

/** Names that are told of many. */
const mostNames = 5;

const passedOver = (folder: string, names: readonly string[]): string => {
  const others = names.length > mostNames ? ` and ${names.length - mostNames} others` : '';
  return `Passed over in ${folder}, as no files of the outbox: ${names.slice(0, mostNames).join(', ')}${others}. Move them away.`;
};

const inUse = (folder: string) =>
  new StorageError('io', `The outbox in ${folder} is in use by another program of this unit. Stop one of the two.`);

/** Takes a folder, and reads what is in it. */
const takeOutbox = async (options: SegmentsOptions): Promise<Possession> => {
  const { folder } = options;
  await makeFolder(folder);
  const lock = await takeLock({ path: join(folder, 'lock'), inUse: () => inUse(folder) });
  try {
    const recovered = await recoverOutbox(folder);
    const messages = [...recovered.messages.values()].toSorted((a, b) => a.id - b.id);
    const { lastId, damaged } = recovered;
    const remarks = recovered.strange.length > 0 ? [passedOver(folder, recovered.strange)] : [];
    const segments = openSegments(options, recovered);
    const giveUp = async () => {
      try {
        await segments.close();
      } finally {
        await lock.release();
      }
      // Only an empty folder goes.
      await rmdir(folder).catch(() => undefined);
    };
    return { found: { messages, lastId, damaged, remarks }, segments, giveUp };
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
};

/** A folder that is taken when it is opened, and taken and made anew after its files were taken away. */
export interface Hold {
  open(): Promise<StoredMessages>;
  /** @throws {StorageError} `io` when it is not open. */
  segments(): Promise<Segments>;
  /** What is held of the folder now, if anything. */
  now(): Possession | undefined;
  /** To be called with what a task failed with, which is thrown again. */
  onFailure(thrown: unknown): Promise<never>;
  close(): Promise<void>;
}

const closed = (folder: string) => new StorageError('io', `The outbox in ${folder} is closed. Open it first.`);

export const holdOutbox = (options: SegmentsOptions): Hold => {
  let isOpen = false;
  let possession: Possession | undefined;
  const take = async () => (possession = await takeOutbox(options));
  const giveUp = async () => {
    const held = possession;
    possession = undefined;
    await held?.giveUp();
  };
  return {
    open: async () => {
      const { found } = await take();
      isOpen = true;
      return found;
    },
    segments: async () => {
      if (!isOpen) throw closed(options.folder);
      return (possession ?? (await take())).segments;
    },
    now: () => possession,
    onFailure: async (thrown) => {
      if (isLoss(thrown)) await giveUp().catch(() => undefined);
      throw thrown;
    },
    close: () => {
      isOpen = false;
      return giveUp();
    },
  };
};
