import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';

/** What a supervised program and its supervisor know of each other. */

/** Holds the process id of the supervisor, in the environment of the program that it started. */
export const supervisorVariable = 'PEPEUNIT_SUPERVISOR';

/** Holds the folder whose updates the supervisor carries on, in the same environment. */
export const supervisedFolderVariable = 'PEPEUNIT_SUPERVISED_FOLDER';

/** With this exit code a program asks whoever started it to start it again. */
export const restartCode = 213;

/** Whether this process was started by a supervisor that is still its parent. */
export const isSupervised = (): boolean => process.env[supervisorVariable] === String(process.ppid);

const realPathOf = (folder: string): string => {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
};

/** Whether the supervisor of this process carries the updates of this folder on, whatever leads to it. */
export const isSupervisedIn = (folder: string): boolean => {
  const supervised = process.env[supervisedFolderVariable];
  return isSupervised() && supervised !== undefined && realPathOf(supervised) === realPathOf(folder);
};

const lookEveryMs = 1000;

/** Calls back once when the supervisor is gone, within a second or so. @returns Ends the watch. */
export const watchSupervisor = (onGone: () => void): (() => void) => {
  const timer = setInterval(() => {
    if (isSupervised()) return;
    clearInterval(timer);
    onGone();
  }, lookEveryMs).unref();
  return () => clearInterval(timer);
};
