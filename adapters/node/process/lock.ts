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

/** Ends a unit whose supervisor was killed; one that can't be told from a stranger is only waited for. */
const endOrphan = async (unit: ProcessIdentity, graceMs: number): Promise<void> => {
  const isKnown = unit.since !== null;
  if (isKnown && isRunning(unit)) send(unit.pid, 'SIGTERM');
  if (await hasEnded(unit, graceMs)) return;
  if (!isKnown) throw inUse('A unit of a supervisor that was killed may still run here', unit);
  send(unit.pid, 'SIGKILL');
  await hasEnded(unit, graceMs);
};

/**
 * Takes a unit's folder for this supervisor. What a killed supervisor left is cleared away: its lock, and its unit where
 * that still runs.
 *
 * @param folder The unit's private folder; made when there is none.
 * @param graceMs How long such a unit may take to stop before it is killed, milliseconds.
 * @throws {ProcessError} `taken` while another supervisor lives.
 */
export const takeSupervisorLock = async (folder: string, graceMs: number): Promise<FileLock> => {
  await makeFolder(folder);
  return takeLock({
    path: join(folder, 'supervisor.json'),
    inUse: (holder) => inUse('Another supervisor runs this unit', holder),
    endOrphan: (unit) => endOrphan(unit, graceMs),
  });
};
