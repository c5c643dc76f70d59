import { fstatSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { isRunning } from '../fs/process-identity.ts';

/** The contract between a program and the process that started it. */

/** Environment variable with the supervisor's process id. */
export const supervisorVariable = 'PEPEUNIT_SUPERVISOR';

/** Environment variable with the folder in which the supervisor resumes updates. */
export const supervisedFolderVariable = 'PEPEUNIT_SUPERVISED_FOLDER';

/** Environment variable with the proxy's process id. */
export const proxyVariable = 'PEPEUNIT_PROXY';

/** Environment variable with the time between two beats, milliseconds, 0 for none; only the parent's own child takes it. */
export const heartbeatVariable = 'PEPEUNIT_HEARTBEAT';

/** File descriptor of the pipe to the parent; programs that its child starts do not get it. */
export const pipeDescriptor = 3;

/** Environment variable with how often the supervisor has ended the unit since its event loop hung. */
export const hangsVariable = 'PEPEUNIT_HANGS';

/** Environment variable that is set for the start right after such an end. */
export const afterHangVariable = 'PEPEUNIT_AFTER_HANG';

/** Exit code by which a program asks its supervisor or proxy for a restart. */
export const restartCode = 213;

/** Checks the parent: programs started by a supervised or proxied one inherit its variables too. */
const isParent = (variable: string): boolean => process.env[variable] === String(process.ppid);

/** Whether this process has the pipe to its parent. */
export const hasPipe = (): boolean => {
  try {
    return process.platform === 'win32' || fstatSync(pipeDescriptor).isSocket();
  } catch {
    return false;
  }
};

/**
 * Whether the process that the variable names started this one, and ended before this one looked. Its pipe tells it from
 * programs that have inherited the variable.
 */
const isOrphanOf = (variable: string): boolean => {
  const { [variable]: pid, [heartbeatVariable]: pipe } = process.env;
  return pid !== undefined && pipe !== undefined && !isRunning({ pid: Number(pid), since: null }) && hasPipe();
};

/** Whether this process was started by a supervisor that is still its parent. */
export const isSupervised = (): boolean => isParent(supervisorVariable);

/** Whether this process was started by a proxy that is still its parent. */
export const isProxied = (): boolean => isParent(proxyVariable);

const realPathOf = (folder: string): string => {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
};

/** How often this process's supervisor has ended the unit since its event loop hung; `undefined` without one. */
export const hangsSoFar = (): { readonly count: number; readonly isCause: boolean } | undefined =>
  isSupervised()
    ? { count: Number(process.env[hangsVariable] ?? 0), isCause: process.env[afterHangVariable] !== undefined }
    : undefined;

/** Whether a supervisor that resumes updates in this folder, by any path that leads to it, started this process. */
export const beganSupervisedIn = (folder: string): boolean => {
  const supervised = process.env[supervisedFolderVariable];
  if (supervised === undefined || realPathOf(supervised) !== realPathOf(folder)) return false;
  return isSupervised() || isOrphanOf(supervisorVariable);
};

/** Whether a proxy started this process. */
export const beganProxied = (): boolean => isProxied() || isOrphanOf(proxyVariable);

const lookEveryMs = 1000;

/** Calls back once, within a second or so, when the supervisor or proxy is gone. @returns Ends the watch. */
export const watchParent = (onGone: () => void): (() => void) => {
  const timer = setInterval(() => {
    if (isSupervised() || isProxied()) return;
    clearInterval(timer);
    onGone();
  }, lookEveryMs).unref();
  return () => clearInterval(timer);
};
