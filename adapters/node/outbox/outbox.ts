import { constants } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timers } from '../../../services/clock.ts';
import { StorageError } from '../../../services/errors.ts';
import type { DeadLetter, Outbox } from '../../../services/outbox.ts';
import { Timer } from '../../shared/clock.ts';
import { createSerialQueue } from '../../shared/serialize.ts';
import { makeFolder } from '../fs/durable-file.ts';
import { storageError } from '../fs/errors.ts';
import { openRegularFile } from '../fs/open-regular-file.ts';
import { createOutboxFolder } from './folder.ts';
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
export const fileOutbox = (options: FileOutboxOptions): Outbox => {
  const { folder, clock, syncEveryMs = 1_000, removeEveryMs = 200, segmentBytes = 256 * 1024 } = options;
  const { fs = hostOutboxFs } = options;
  const inTurn = createSerialQueue();
  const files = createOutboxFolder({ folder, fs, segmentBytes });
  let unattendedFailure: unknown;

  const guarded = <T>(action: string, task: () => Promise<T>): Promise<T> =>
    inTurn(() => task().catch(files.onFailure)).catch((thrown: unknown) => {
      throw storageError(`The outbox in ${folder}`, action, thrown);
    });
  /** Runs a task without awaiting it: its failure is thrown by the next append. */
  const unattended = (task: () => Promise<void>) =>
    inTurn(() => task().catch(files.onFailure)).catch((thrown: unknown) => {
      unattendedFailure = thrown;
    });
  const sync = new Timer(clock, () => void unattended(async () => (await files.currentSegments())?.sync()));
  const vacation = new Timer(clock, () => void unattended(files.vacate));
  const removed: number[] = [];
  const removeGathered = async () => {
    const ids = removed.splice(0);
    const segments = await files.currentSegments();
    if (!segments) return;
    sync.start(syncEveryMs);
    await segments.remove(ids);
    if (files.isIdle()) vacation.start(vacateAfterMs);
  };
  const removal = new Timer(clock, () => void unattended(removeGathered));

  return {
    open: () =>
      guarded('opened', async () => {
        const found = await files.open();
        if (files.isIdle()) vacation.start(vacateAfterMs);
        return found;
      }),
    append: (messages) =>
      guarded('written', async () => {
        const failure = unattendedFailure;
        unattendedFailure = undefined;
        if (failure !== undefined) throw failure;
        vacation.stop();
        const segments = await files.segments();
        sync.start(syncEveryMs);
        await segments.append(messages);
      }),
    remove: (ids) => {
      for (const id of ids) removed.push(id);
      removal.start(removeEveryMs);
    },
    deadLetter: (letters) => guarded('written', () => writeDeadLetters(folder, letters)),
    close: async () => {
      removal.stop();
      await unattended(removeGathered);
      await unattended(files.close);
      removed.length = 0;
      for (const timer of [removal, sync, vacation]) timer.stop();
    },
  };
};
