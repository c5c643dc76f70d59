import { randomUUID } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SerialQueue } from '../../shared/serialize.ts';
import {
  clearLock,
  createBeat,
  createLock,
  hasNonce,
  parseLock,
  readWholeLock,
  rewriteLock,
  type LockRecord,
} from './lock-file.ts';
import { identityOf, isRunning, ownPlace, type ProcessIdentity } from './process-identity.ts';
import { sweepLockFolder } from './temporary-files.ts';

/** A lock file of this process. */
export interface FileLock {
  /**
   * Whether the lock is still this process's: while this one stood still, another may have taken it over. Looks at most
   * once a second.
   *
   * @throws The file system's own error.
   */
  isHeld(): Promise<boolean>;
  /** Adds a child process to the lock, for the process that takes the lock over after a kill of this one. */
  noteChild(pid: number): Promise<void>;
  /** Never rejects: a lock that can't be removed is that of a process which ends. */
  release(): Promise<void>;
}

/** Options of a lock file. */
export interface FileLockOptions {
  /** Path of the lock file; its folder must exist. */
  readonly path: string;
  /** Creates the error for a lock of a running process; the holder is `undefined` if unreadable. */
  readonly inUse: (holder: ProcessIdentity | undefined) => Error;
  /** Ends the child noted by a dead holder, before its lock is taken over. */
  readonly endOrphan?: (child: ProcessIdentity) => Promise<void>;
  /** Waits before the next look at a lock whose holder can't be seen; may reject. @defaultValue such a lock counts as in use */
  readonly watch?: (holder: ProcessIdentity) => Promise<void>;
  /** Time after which a lock that is not refreshed is stale, milliseconds. @defaultValue 15_000 */
  readonly staleAfterMs?: number;
}

const maxTries = 4;
const refreshEveryMs = 5_000;
const lookAfterMs = 1_000;
/** Time in which all who take over a dead lock at once are done, milliseconds. */
const settleMs = 250;
const defaultStaleAfterMs = 15_000;
const watchEveryMs = 500;

/** A wait for a sign of life of a process that has a lock, and can't be seen. */
export interface LockWait {
  /** Process id of the holder, where it runs. */
  readonly pid: number;
  /** Time until the lock is taken over without such a sign, milliseconds. */
  readonly atMostMs: number;
}

/**
 * Creates a `watch` that looks twice a second.
 *
 * @param onWait Called once, before the first wait.
 * @param signal Ends the wait: it rejects with the signal's reason.
 */
export const watchPatiently = (
  onWait: (wait: LockWait) => void,
  signal?: AbortSignal,
): NonNullable<FileLockOptions['watch']> => {
  let isTold = false;
  return async ({ pid }) => {
    if (!isTold) onWait({ pid, atMostMs: defaultStaleAfterMs + watchEveryMs + settleMs });
    isTold = true;
    await delay(watchEveryMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
  };
};

/** Paths of this thread's lock files. */
const held = new Set<string>();

/** The last look at a lock: its text, and since when it has been the same. */
interface Look {
  readonly text: string;
  readonly sinceMs: number;
}

const looks = new Map<string, Look>();

type Verdict = 'held' | 'stale' | 'unknown';

/** Judges a lock whose holder can't be seen by its beat, on this process's own clock. */
const judgeByBeat = (path: string, text: string, staleAfterMs: number): Verdict => {
  const last = looks.get(path);
  const now = performance.now();
  if (last?.text === text) return now - last.sinceMs >= staleAfterMs ? 'stale' : 'unknown';
  looks.set(path, { text, sinceMs: now });
  return last ? 'held' : 'unknown';
};

/** A lock with this process's own identity is its former life's before an exec, or another thread's: its beat tells. */
const judge = (path: string, text: string, { holder }: LockRecord, staleAfterMs: number): Verdict => {
  const isNear = ownPlace !== null && holder.place === ownPlace;
  if (isNear && !isRunning(holder)) return 'stale';
  if (isNear && holder.pid !== process.pid) return 'held';
  return judgeByBeat(path, text, staleAfterMs);
};

/** Whether a process is one that this process can see, or may be. */
const isNearby = ({ place }: ProcessIdentity): boolean => place === ownPlace || !place;

/** Creates the lock; removes a dead process's lock first. What is there is judged also where nothing can be written. */
const acquire = async (path: string, record: LockRecord, options: FileLockOptions): Promise<void> => {
  const { inUse, endOrphan, watch, staleAfterMs = defaultStaleAfterMs } = options;
  for (let tries = 1; ;) {
    const found = await readWholeLock(path);
    const theirs = found ? parseLock(found) : undefined;
    const verdict = found && theirs ? judge(path, found, theirs, staleAfterMs) : 'stale';
    if (verdict === 'unknown' && theirs && watch) {
      await watch(theirs.holder);
      continue;
    }
    if (tries > maxTries || verdict !== 'stale') throw inUse(theirs?.holder);
    tries += 1;
    if (theirs?.child && isNearby(theirs.child)) await endOrphan?.(theirs.child);
    if (found !== undefined) await clearLock(path, found);
    if (!(await createLock(path, record))) continue;
    if (found === undefined) return;
    // One who saw the dead lock as well may still take this one away, taking it for that.
    await delay(settleMs);
    if (await hasNonce(path, record.nonce)) return;
  }
};

const lockHeldBy = (path: string, first: LockRecord): FileLock => {
  const turns = new SerialQueue();
  let record = first;
  let lookedMs = performance.now();
  const beat = createBeat(path);
  const next = (write: (record: LockRecord) => Promise<void>, changes: Partial<LockRecord> = {}): Promise<void> =>
    turns.run(() => {
      record = { ...record, ...changes, beat: record.beat + 1 };
      return write(record);
    });
  // A beat that can't be written, as on a full disk, is made up for by the next one.
  const refreshing = setInterval(() => void next(beat.write).catch(() => undefined), refreshEveryMs).unref();
  return {
    isHeld: async () => {
      if (performance.now() - lookedMs < lookAfterMs) return true;
      if (!(await hasNonce(path, record.nonce))) return false;
      lookedMs = performance.now();
      return true;
    },
    noteChild: (pid) => next((changed) => rewriteLock(path, changed), { child: identityOf(pid) }),
    release: async () => {
      clearInterval(refreshing);
      held.delete(path);
      await turns
        .run(async () => {
          await beat.close().catch(() => undefined);
          // If the folder was replaced meanwhile, the lock there may be another program's.
          if (await hasNonce(path, record.nonce)) await unlink(path);
        })
        .catch(() => undefined);
    },
  };
};

/**
 * Takes a lock file for this process alone. Removes temporary files that a kill left in the folder.
 *
 * The file names its holder by process id, start time, PID namespace and boot. A lock of this namespace is stale once no
 * such process runs. One of another container or host, or where the host does not report these, is stale when its beat,
 * which the holder writes every 5 s, has stood still for 15 s.
 *
 * A torn lock costs half a second, one that is taken over a quarter of one.
 *
 * @throws The error of `inUse` if another running process, or this one, holds the lock; that of `watch`.
 * @throws The file system's own error, such as `EACCES`.
 */
export const takeLock = async (options: FileLockOptions): Promise<FileLock> => {
  const path = resolve(options.path);
  const record = { holder: identityOf(process.pid), nonce: randomUUID(), beat: 0 };
  if (held.has(path)) throw options.inUse(record.holder);
  held.add(path);
  try {
    await sweepLockFolder(path);
    await acquire(path, record, options);
    looks.delete(path);
  } catch (thrown) {
    held.delete(path);
    throw thrown;
  }
  return lockHeldBy(path, record);
};
