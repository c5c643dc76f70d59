import { setTimeout as pause } from 'node:timers/promises';
import type { Events, InstanceEvents } from '../instance/index.ts';

const lookEveryMs = 50;

/** Waits for an event of an instance. @throws The signal's reason. */
export const heard = <K extends keyof InstanceEvents>(
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

/** Waits until something holds that nobody tells of, such as what a file says. @throws The signal's reason. */
export const holds = async (condition: () => Promise<boolean>, signal: AbortSignal): Promise<void> => {
  while (!(await condition())) {
    signal.throwIfAborted();
    await pause(lookEveryMs);
  }
};

/** A signal that is aborted by any of others, by time, and in the end by being disposed of. */
export const until = (others: readonly AbortSignal[], ms: number | undefined, reason: string) => {
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
