/** A signal that aborts when the user or the system asks the program to end. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves when a signal aborts, at once if it has. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Does a task that a signal may end: its reason is no failure. @throws What else the task throws. */
export const untilAborted = async (signal: AbortSignal, task: () => Promise<void>): Promise<void> => {
  try {
    await task();
  } catch (thrown) {
    if (thrown !== signal.reason) throw thrown;
  }
};

/** Listens for SIGINT, SIGTERM and SIGHUP until disposed of; a second signal changes nothing. */
export const interruption = (): Interruption => {
  const abort = new AbortController();
  const onSignal = () => abort.abort();
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: abort.signal,
    [Symbol.dispose]: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
};
