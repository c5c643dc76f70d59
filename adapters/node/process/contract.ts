import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';

/** What a program and the process that started it know of each other. */

/** Holds the process id of the supervisor, in the environment of the program that it started. */
export const supervisorVariable = 'PEPEUNIT_SUPERVISOR';

/** Holds the folder whose updates the supervisor carries on, in the same environment. */
export const supervisedFolderVariable = 'PEPEUNIT_SUPERVISED_FOLDER';

/** Holds the process id of the proxy, in the environment of the program that it started. */
export const proxyVariable = 'PEPEUNIT_PROXY';

/** With this exit code a program asks its supervisor or its proxy to start it again. */
export const restartCode = 213;

/** A program that is started by a supervised or proxied one inherits the variables, but not the parent. */
const isParent = (variable: string): boolean => process.env[variable] === String(process.ppid);

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

/** Whether the supervisor of this process carries the updates of this folder on, whatever leads to it. */
export const isSupervisedIn = (folder: string): boolean => {
  const supervised = process.env[supervisedFolderVariable];
  return isSupervised() && supervised !== undefined && realPathOf(supervised) === realPathOf(folder);
};

const lookEveryMs = 1000;

/** Calls back once when the supervisor or the proxy is gone, within a second or so. @returns Ends the watch. */
export const watchParent = (onGone: () => void): (() => void) => {
  const timer = setInterval(() => {
    if (isSupervised() || isProxied()) return;
    clearInterval(timer);
    onGone();
  }, lookEveryMs).unref();
  return () => clearInterval(timer);
};
