import { readFileSync } from 'node:fs';
import { codeOf } from './errors.ts';

/** A process as it can be found again later, although process ids are used again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Which boot it belongs to and when in it the process began; `null` where the host does not say. */
  readonly since: string | null;
}

/** Fields of /proc/PID/stat, counted from the one after the name in parentheses (proc_pid_stat(5)). */
const stateField = 0;
const startField = 19;

/** @returns `undefined` when there is no such process, or only what its parent has not collected yet. */
const sinceOf = (pid: number): string | null | undefined => {
  let boot: string;
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // No Linux: only whether the id is in use can be told.
    return null;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /[ZX]/.test(fields[stateField] ?? '') ? undefined : `${boot}:${fields[startField] ?? ''}`;
  } catch {
    return undefined;
  }
};

export const identityOf = (pid: number): ProcessIdentity => ({ pid, since: sinceOf(pid) ?? null });

/** Whether some process has this id now. */
export const isInUse = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
};

/** Whether this very process still runs; where the host does not tell processes apart, whether its id is in use. */
export const isRunning = ({ pid, since }: ProcessIdentity): boolean => {
  if (!isInUse(pid)) return false;
  const now = sinceOf(pid);
  return now === null || (now !== undefined && (since === null || now === since));
};
