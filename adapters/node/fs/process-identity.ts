import { readFileSync } from 'node:fs';
import { codeOf } from './errors.ts';

/** Identity of a process that stays unique although process ids are reused. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot id and start time of the process; `null` if the host does not report them. */
  readonly since: string | null;
}

/** Fields of /proc/PID/stat, counted after the name in parentheses (proc_pid_stat(5)). */
const stateField = 0;
const startField = 19;

/** @returns `undefined` if there is no such process, or only a zombie. */
const sinceOf = (pid: number): string | null | undefined => {
  let boot: string;
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Without Linux's /proc only the use of the id is known.
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

/** Whether any process has this id now. */
export const isInUse = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
};

/** Whether this process still runs; on hosts without start times, whether its id is in use. */
export const isRunning = ({ pid, since }: ProcessIdentity): boolean => {
  if (!isInUse(pid)) return false;
  const now = sinceOf(pid);
  return now === null || (now !== undefined && (since === null || now === since));
};
