import { isatty } from 'node:tty';
import type { Child } from './child.ts';

/** Signals that a process passes on to its child. */
export const passedSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

const terminalSignals: readonly string[] = ['SIGINT', 'SIGHUP', 'SIGQUIT'];

/** Whether a terminal sends this signal to the child itself. */
const isSentByTerminal = (signal: NodeJS.Signals): boolean =>
  (isatty(0) || isatty(1)) && terminalSignals.includes(signal);

/** Forwards signals of this process to its child. */
export interface PassedSignals extends Disposable {
  /** Aborted by the first signal that requests a stop (all but SIGUSR2); the signal is the reason. */
  readonly stopped: AbortSignal;
  /** Sets the child that receives the signals; sends SIGTERM at once if a stop was requested before. */
  passTo(child: Pick<Child, 'send'>): void;
}

/**
 * Catches this process's signals and forwards them.
 *
 * @param graceMs Milliseconds for the child to stop before it is killed; unlimited by default.
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

/** Ends this process with the same code or signal as another one. */
export const endLike = (code: number | null, signal: NodeJS.Signals | null): void => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(1), 1000);
};
