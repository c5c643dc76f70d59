/** What a supervised program and its supervisor know of each other. */

/** Holds the process id of the supervisor, in the environment of the program that it started. */
export const supervisorVariable = 'PEPEUNIT_SUPERVISOR';

/** With this exit code a program asks whoever started it to start it again. */
export const restartCode = 213;

/** Whether this process was started by a supervisor that is still its parent. */
export const isSupervised = (): boolean => process.env[supervisorVariable] === String(process.ppid);

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
