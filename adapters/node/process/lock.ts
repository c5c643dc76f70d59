import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ProcessError } from '../../../services/errors.ts';
import { codeOf } from '../fs/file-system.ts';
import { identityOf, isRunning, type ProcessIdentity } from '../fs/process-identity.ts';

/** Keeps other supervisors away from a unit's folder. */
export interface SupervisorLock extends Disposable {
  /** Notes the unit's process, so that whoever comes after a killed supervisor finds it. */
  note(unitPid: number): void;
}

/** What a supervisor writes into its unit's folder. */
interface Holder {
  readonly supervisor: ProcessIdentity;
  readonly unit?: ProcessIdentity;
}

const lookEveryMs = 50;
/** A lock that can't be read for so long was torn by a power cut. */
const tornAfterMs = 500;

const isIdentity = (value: unknown): value is ProcessIdentity =>
  typeof value === 'object' && value !== null && Number.isInteger((value as ProcessIdentity).pid);

/** @returns `undefined` when there is none, `null` while it is being written, or when it is torn. */
const readHolder = (path: string): Holder | null | undefined => {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Holder | null;
    return isIdentity(holder?.supervisor) ? holder : null;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : null;
  }
};

const readWhole = async (path: string): Promise<Holder | null | undefined> => {
  const deadline = performance.now() + tornAfterMs;
  let holder = readHolder(path);
  while (holder === null && performance.now() < deadline) {
    await pause(lookEveryMs);
    holder = readHolder(path);
  }
  return holder;
};

const taken = (what: string, { pid }: ProcessIdentity): ProcessError =>
  new ProcessError('taken', `${what} (process ${pid}). End it first.`);

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
    await pause(lookEveryMs);
  }
  return true;
};

/** Ends a unit whose supervisor was killed; one that can't be told from a stranger is only waited for. */
const endOrphan = async (unit: ProcessIdentity, graceMs: number): Promise<void> => {
  const isKnown = unit.since !== null;
  if (isKnown && isRunning(unit)) send(unit.pid, 'SIGTERM');
  if (await hasEnded(unit, graceMs)) return;
  if (!isKnown) throw taken('A unit of a supervisor that was killed may still run here', unit);
  send(unit.pid, 'SIGKILL');
  await hasEnded(unit, graceMs);
};

/** Takes a dead supervisor's lock away; two that try at once never take one that is alive. */
const removeStale = (path: string, { supervisor }: Holder): void => {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved && moved.supervisor.pid !== supervisor.pid && isRunning(moved.supervisor)) renameSync(aside, path);
  else rmSync(aside, { force: true });
};

const write = (holder: Holder, flag: 'w' | 'wx', path: string): void =>
  writeFileSync(path, JSON.stringify(holder), { flag, mode: 0o600 });

const torn: Holder = { supervisor: { pid: -1, since: null } };

/**
 * Takes the folder of a unit for this supervisor. What a killed one has left is cleared away: its lock, and its unit if
 * that still runs.
 *
 * @param folder The unit's private folder; made when there is none.
 * @param graceMs How long such a unit may take to stop before it is killed, milliseconds.
 * @throws {ProcessError} `taken` while another supervisor lives.
 */
export const takeLock = async (folder: string, graceMs: number): Promise<SupervisorLock> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'supervisor.json');
  const supervisor = identityOf(process.pid);
  for (;;) {
    try {
      write({ supervisor }, 'wx', path);
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const holder = await readWhole(path);
    if (holder && holder.supervisor.pid !== process.pid && isRunning(holder.supervisor)) {
      throw taken('Another supervisor runs this unit', holder.supervisor);
    }
    if (holder?.unit) await endOrphan(holder.unit, graceMs);
    if (holder !== undefined) removeStale(path, holder ?? torn);
  }
  return {
    note: (unitPid) => {
      const next = `${path}.${process.pid}`;
      write({ supervisor, unit: identityOf(unitPid) }, 'w', next);
      renameSync(next, path);
    },
    [Symbol.dispose]: () => rmSync(path, { force: true }),
  };
};
