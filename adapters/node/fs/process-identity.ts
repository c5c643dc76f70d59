import { readFileSync, readlinkSync } from 'node:fs';
import { codeOf } from './errors.ts';

/** Identity of a process that stays unique although process ids are reused, also in other containers. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time of the process; `null` if the host does not report it. */
  readonly since: string | null;
  /** Boot id and PID namespace that its id belongs to; `null` if the host does not report them. */
  readonly place: string | null;
}

/** Fields of /proc/PID/stat, counted after the name in parentheses (proc_pid_stat(5)). */
const stateField = 0;
const startField = 19;

const readPlace = (): string | null => {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const [pid] = readFileSync('/proc/self/stat', 'utf8').split(' ', 1);
    // A /proc that was mounted for another namespace tells of other processes.
    return Number(pid) === process.pid ? `${boot} ${readlinkSync('/proc/self/ns/pid')}` : null;
  } catch {
    return null;
  }
};

/** Boot id and PID namespace of this process; `null` if the host does not report them. */
export const ownPlace = readPlace();

/** @returns `undefined` if there is no such process, or only a zombie. */
const sinceOf = (pid: number): string | null | undefined => {
  if (ownPlace === null) return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /[ZX]/.test(fields[stateField] ?? '') ? undefined : (fields[startField] ?? null);
  } catch {
    return undefined;
  }
};

export const identityOf = (pid: number): ProcessIdentity => ({ pid, since: sinceOf(pid) ?? null, place: ownPlace });

/** Whether any process has this id now. */
export const isInUse = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
};

/** Whether this process of the own place still runs; on hosts without start times, whether its id is in use. */
export const isRunning = ({ pid, since }: Pick<ProcessIdentity, 'pid' | 'since'>): boolean => {
  if (!isInUse(pid)) return false;
  const now = sinceOf(pid);
  return now === null || (now !== undefined && (since === null || now === since));
};
