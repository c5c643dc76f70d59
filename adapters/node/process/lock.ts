import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessError } from '../../../services/errors.ts';
import { makeFolder } from '../fs/durable-file.ts';
import { codeOf } from '../fs/errors.ts';
import { takeLock, type FileLock } from '../fs/lock.ts';
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

/**
 * Locks a unit's folder for this supervisor. Takes over a killed supervisor's lock, and ends its unit if it still runs.
 *
 * @param folder The unit's private folder; created if missing.
 * @param graceMs Milliseconds for that unit to stop before it is killed.
 * @throws {ProcessError} `taken` while another supervisor runs.
 */
export const takeSupervisorLock = async (folder: string, graceMs: number): Promise<FileLock> => {
  await makeFolder(folder);
  return takeLock({
    path: join(folder, 'supervisor.json'),
    inUse: (holder) => inUse('Another supervisor runs this unit', holder),
    endOrphan: (unit) => endOrphan(unit, graceMs),
  });
};
