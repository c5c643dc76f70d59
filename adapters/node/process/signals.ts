import { isatty } from 'node:tty';
import type { Child } from './child.ts';

/** What a process passes on to the program that it stands before. */
export const passedSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

const terminalSignals: readonly string[] = ['SIGINT', 'SIGHUP', 'SIGQUIT'];

/** Whether a terminal sends this signal to the program by itself. */
const isSentByTerminal = (signal: NodeJS.Signals): boolean =>
  (isatty(0) || isatty(1)) && terminalSignals.includes(signal);

/** Signals on their way from this process to its child. */
export interface PassedSignals extends Disposable {
  /** Aborted by the first signal that asks for a stop (all but SIGUSR2), which is the reason. */
  readonly stopped: AbortSignal;
  /** Sends them to this child from now on; at once SIGTERM when a stop was asked for before. */
  passTo(child: Pick<Child, 'send'>): void;
}

/**
 * Catches the signals of this process, and passes them on.
 *
 * @param graceMs How long the child may take to stop before it is killed; as long as it likes by default.
 */
export const passSignals = (graceMs?: number): PassedSignals => {
  const stop = new AbortController();
  let receiver: Pick<Child, 'send'> | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!isSentByTerminal(signal)) receiver?.send(signal);
    if (signal === 'SIGUSR2' || stop.signal.aborted) return;
    stop.abort(signal);
    if (graceMs !== undefined) setTimeout(() => receiver?.send('SIGKILL'), graceMs).unref();
  };
  for (const signal of passedSignals) process.on(signal, onSignal);
  return {
    stopped: stop.signal,
    passTo: (child) => {
      receiver = child;
      if (stop.signal.aborted) child.send('SIGTERM');
    },
    [Symbol.dispose]: () => {
      for (const signal of passedSignals) process.off(signal, onSignal);
    },
  };
};

/** Ends this process as another one ended. */
export const endLike = (code: number | null, signal: NodeJS.Signals | null): void => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(1), 1000);
};
