import { rmdir } from 'node:fs/promises';
import type { StoredMessages } from '../../services/outbox.ts';
import { makeFolder } from './durable-file.ts';
import { lockFolder } from './outbox-lock.ts';
import { recoverOutbox } from './outbox-recovery.ts';
import { openSegments, type Segments, type SegmentsOptions } from './outbox-segments.ts';

/** An outbox's folder, taken for this process alone. */
export interface Possession {
  readonly found: StoredMessages;
  readonly segments: Segments;
  /** Makes everything durable, and leaves nothing but what is kept. */
  giveUp(): Promise<void>;
}

/** Takes a folder, and reads what is in it. */
export const takeOutbox = async (options: SegmentsOptions): Promise<Possession> => {
  const { folder } = options;
  await makeFolder(folder);
  const unlock = await lockFolder(folder);
  try {
    const recovered = await recoverOutbox(folder);
    const messages = [...recovered.messages.values()].toSorted((a, b) => a.id - b.id);
    const { lastId, damaged } = recovered;
    const segments = openSegments(options, recovered);
    const giveUp = async () => {
      try {
        await segments.close();
      } finally {
        await unlock();
      }
      // Only an empty folder goes.
      await rmdir(folder).catch(() => undefined);
    };
    return { found: { messages, lastId, damaged }, segments, giveUp };
  } catch (thrown) {
    await unlock();
    throw thrown;
  }
};
