import { isatty } from 'node:tty';

/** What is passed on to a program by the process that stands before it. */
export const passedSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

const terminalSignals: readonly string[] = ['SIGINT', 'SIGHUP', 'SIGQUIT'];

/** Whether a terminal sends this signal to the program by itself. */
export const isSentByTerminal = (signal: NodeJS.Signals): boolean =>
  (isatty(0) || isatty(1)) && terminalSignals.includes(signal);

/** Ends this process as another one ended. */
export const endLike = (code: number | null, signal: NodeJS.Signals | null): void => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(1), 1000);
};
