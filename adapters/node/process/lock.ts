import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessError } from '../../../services/errors.ts';
import { SerialQueue } from '../../shared/serialize.ts';
import { makeFolder } from '../fs/durable-file.ts';
import { codeOf, storageError } from '../fs/errors.ts';
import { takeLock, watchPatiently, type FileLock, type LockWait } from '../fs/lock.ts';
import { isRunning, type ProcessIdentity } from '../fs/process-identity.ts';

const lookEveryMs = 50;

const inUse = (what: string, holder: ProcessIdentity | undefined): ProcessError =>
  new ProcessError('taken', `${what} (process ${holder?.pid ?? 'unknown'}). End it first.`);

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
};

const hasEnded = async (identity: ProcessIdentity, withinMs: number): Promise<boolean> => {
  const deadline = performance.now() + withinMs;
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false;
    await delay(lookEveryMs);
  }
  return true;
};

/** Ends the unit of a killed supervisor; if its identity is uncertain, only waits for it. */
const endOrphan = async (unit: ProcessIdentity, graceMs: number): Promise<void> => {
  const isKnown = unit.since !== null;
  if (isKnown && isRunning(unit)) send(unit.pid, 'SIGTERM');
  if (await hasEnded(unit, graceMs)) return;
  if (!isKnown) throw inUse('A unit of a supervisor that was killed may still run here', unit);
  send(unit.pid, 'SIGKILL');
  await hasEnded(unit, graceMs);
};

/** Options of a supervisor's lock. */
export interface SupervisorLockOptions {
  /** The unit's private folder; created if missing. */
  readonly folder: string;
  /** Milliseconds for the unit of a killed supervisor to stop before it is killed. */
  readonly graceMs: number;
  /** Called when the lock or the unit's process can't be written, and again only after a success. */
  readonly onFailure: (thrown: unknown) => void;
  /** Called where it takes time to see whether the supervisor that has the lock still runs. */
  readonly onWait: (wait: LockWait) => void;
  /** Aborted when the supervisor must stop: that wait ends. */
  readonly stopped: AbortSignal;
  /** Milliseconds until the next attempt. @defaultValue 30_000 */
  readonly retryMs?: number;
}

/** A supervisor's lock on a unit's folder. Nothing here rejects: a disk that fails costs the record, not the unit. */
export interface SupervisorLock {
  /** Records the process that runs the unit, for the supervisor that takes the lock over after a kill of this one. */
  note(pid: number): Promise<void>;
  release(): Promise<void>;
}

const isTaken = (thrown: unknown): boolean => thrown instanceof ProcessError && thrown.code === 'taken';

/**
 * Locks a unit's folder for this supervisor. Takes over a killed supervisor's lock, and ends its unit if it still runs.
 *
 * Tries again later while the disk is full, read-only or someone else's; the unit is supervised meanwhile.
 *
 * @throws {ProcessError} `taken` while another supervisor runs. The reason of `stopped` if it aborts during the wait.
 */
export const takeSupervisorLock = async (options: SupervisorLockOptions): Promise<SupervisorLock> => {
  const { folder, graceMs, onFailure, onWait, stopped, retryMs = 30_000 } = options;
  const turns = new SerialQueue();
  const unit: { pid?: number; notedPid?: number } = {};
  let lock: FileLock | undefined;
  let isFailing = false;
  let retry: NodeJS.Timeout | undefined;

  const take = async (): Promise<FileLock> => {
    await makeFolder(folder);
    return takeLock({
      path: join(folder, 'supervisor.json'),
      inUse: (holder) => inUse('Another supervisor runs this unit', holder),
      endOrphan: (orphan) => endOrphan(orphan, graceMs),
      watch: watchPatiently(onWait, stopped),
    });
  };
  const record = async (): Promise<void> => {
    lock ??= await take();
    const { pid, notedPid } = unit;
    if (pid === undefined || pid === notedPid) return;
    await lock.noteChild(pid);
    unit.notedPid = pid;
  };
  const fail = (thrown: unknown): void => {
    if (!isFailing) onFailure(isTaken(thrown) ? thrown : storageError(folder, 'written to', thrown));
    isFailing = true;
    clearTimeout(retry);
    retry = setTimeout(() => void attempt(), retryMs).unref();
  };
  const attempt = async (): Promise<void> => {
    try {
      await turns.run(record);
      isFailing = false;
    } catch (thrown) {
      fail(thrown);
    }
  };

  await turns.run(record).catch((thrown: unknown) => {
    if (isTaken(thrown) || stopped.aborted) throw thrown;
    fail(thrown);
  });
  return {
    note: (pid) => {
      unit.pid = pid;
      return attempt();
    },
    release: () =>
      turns.run(async () => {
        clearTimeout(retry);
        await lock?.release();
      }),
  };
};
