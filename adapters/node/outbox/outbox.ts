import type { Timers } from '../../../services/clock.ts';
import type { Outbox } from '../../../services/outbox.ts';
import { createTimer } from '../../shared/clock.ts';
import { createSerialQueue } from '../../shared/serialize.ts';
import { hostOutboxFs, type OutboxFs } from './fs.ts';
import { writeLetters } from './letters.ts';
import { holdOutbox } from './folder.ts';
import { storageError } from '../fs/errors.ts';

/** What an outbox on disk may be given. */
export interface FileOutboxOptions {
  /** Its own folder; made where it is missing, for this user alone (0700). */
  readonly folder: string;
  readonly clock: Timers;
  /** The most that a power cut may cost, milliseconds. @defaultValue 1_000 */
  readonly syncEveryMs?: number;
  /** How long removals are gathered, milliseconds: what a kill may bring back. @defaultValue 200 */
  readonly removeEveryMs?: number;
  /** Bytes after which a new file is begun. @defaultValue 256 KiB */
  readonly segmentBytes?: number;
  /** @defaultValue the host's file system */
  readonly fs?: OutboxFs;
}

/** Gathers ids for a while, and then hands them on together. */
const createGathering = (clock: FileOutboxOptions['clock'], ms: number, onGathered: () => void) => {
  const timer = createTimer(clock, onGathered);
  let gathered: number[] = [];
  return {
    add: (ids: readonly number[]) => {
      gathered.push(...ids);
      timer.start(ms);
    },
    take: (): readonly number[] => {
      timer.stop();
      const taken = gathered;
      gathered = [];
      return taken;
    },
  };
};

/**
 * Keeps messages in files that are only ever appended to, each record with a checksum.
 *
 * What is appended is in the host's cache when the promise resolves, and synced within a second. Removals are records
 * too; a file goes when nothing in it and before it is kept any more. On disk it all takes at most about twice what
 * is kept. Files are for this user alone (0600).
 */
export const fileOutbox = (options: FileOutboxOptions): Outbox => {
  const { folder, clock, syncEveryMs = 1_000, removeEveryMs = 200, segmentBytes = 256 * 1024 } = options;
  const { fs = hostOutboxFs } = options;
  const inTurn = createSerialQueue();
  const hold = holdOutbox({ folder, fs, segmentBytes });
  let unattendedFailure: unknown;

  const guarded = <T>(action: string, task: () => Promise<T>): Promise<T> =>
    inTurn(() => task().catch(hold.onFailure)).catch((thrown: unknown) => {
      throw storageError(`The outbox in ${folder}`, action, thrown);
    });
  /** Runs a task that nobody waits for: the next append tells when it failed. */
  const unattended = (task: () => Promise<void> | undefined) =>
    inTurn(async () => task()?.catch(hold.onFailure)).catch((thrown: unknown) => {
      unattendedFailure = thrown;
    });
  const sync = createTimer(clock, () => void unattended(() => hold.now()?.segments.sync()));
  const removed = createGathering(clock, removeEveryMs, () => void unattended(removeGathered));
  const removeGathered = () => {
    sync.start(syncEveryMs);
    return hold.now()?.segments.remove(removed.take());
  };

  return {
    open: () => guarded('opened', hold.open),
    append: (messages) =>
      guarded('written', async () => {
        const failure = unattendedFailure;
        unattendedFailure = undefined;
        if (failure !== undefined) throw failure;
        const segments = await hold.segments();
        sync.start(syncEveryMs);
        await segments.append(messages);
      }),
    remove: removed.add,
    setAside: (letters) => guarded('written', () => writeLetters(folder, letters)),
    close: async () => {
      await unattended(removeGathered);
      await unattended(hold.close);
      removed.take();
      sync.stop();
    },
  };
};
