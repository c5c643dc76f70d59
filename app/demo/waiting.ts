import { setTimeout as pause } from 'node:timers/promises';
import type { Events, InstanceEvents } from '../instance/index.ts';

const pollMs = 50;

/** Waits for an event of an instance. @throws The signal's reason. */
export const nextEvent = <K extends keyof InstanceEvents>(
  events: Events,
  type: K,
  isWanted: (event: InstanceEvents[K]) => boolean,
  signal: AbortSignal,
): Promise<InstanceEvents[K]> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const end = events.on(type, (event) => {
      if (!isWanted(event)) return;
      stop();
      resolve(event);
    });
    const onAbort = () => {
      stop();
      reject(signal.reason);
    };
    const stop = () => {
      end();
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort);
  });

/** Polls a condition that no event reports, such as the content of a file. @throws The signal's reason. */
export const pollUntil = async (condition: () => Promise<boolean>, signal: AbortSignal): Promise<void> => {
  while (!(await condition())) {
    signal.throwIfAborted();
    await pause(pollMs);
  }
};

/**
 * Creates a signal that aborts with any of the others, or after `ms` with an error of this reason. Disposing of it aborts
 * it too, and removes its listeners and timer.
 */
export const limitedSignal = (others: readonly AbortSignal[], ms: number | undefined, reason: string) => {
  const abort = new AbortController();
  const follow = (event: Event) => abort.abort((event.currentTarget as AbortSignal).reason);
  for (const other of others) {
    if (other.aborted) abort.abort(other.reason);
    other.addEventListener('abort', follow);
  }
  const timer = ms === undefined ? undefined : setTimeout(() => abort.abort(new Error(reason)), ms);
  return {
    signal: abort.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      for (const other of others) other.removeEventListener('abort', follow);
      abort.abort();
    },
  };
};
