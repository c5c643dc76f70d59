import { isSentByTerminal, passedSignals } from './signals.ts';
import type { SupervisedUnit } from './child.ts';

/** Passes the signals that a supervisor gets on to its unit. */
export interface PassedSignals extends Disposable {
  /** Aborted by the first signal that means the end; the unit then gets some time, and is killed after it. */
  readonly stopped: AbortSignal;
  /** From now on this process gets them. */
  passTo(unit: SupervisedUnit): void;
}

/** Begins to pass signals on. @param graceMs How long the unit may take to stop. */
export const passSignals = (graceMs: number): PassedSignals => {
  const stop = new AbortController();
  let unit: SupervisedUnit | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!isSentByTerminal(signal)) unit?.send(signal);
    if (signal === 'SIGUSR2' || stop.signal.aborted) return;
    stop.abort();
    setTimeout(() => unit?.send('SIGKILL'), graceMs).unref();
  };
  for (const signal of passedSignals) process.on(signal, onSignal);
  return {
    stopped: stop.signal,
    passTo: (started) => {
      unit = started;
      if (stop.signal.aborted) started.send('SIGTERM');
    },
    [Symbol.dispose]: () => {
      for (const signal of passedSignals) process.off(signal, onSignal);
    },
  };
};
