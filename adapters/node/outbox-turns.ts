import type { Clock } from '../../services/clock.ts';

/** Runs tasks one after another, in the order they were given; one that fails does not stop the next. */
export const createTurns = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const done = last.then(task, task);
    last = done.catch(() => undefined);
    return done;
  };
};

/** Does something a while after it was asked for: once, however often it was asked meanwhile. */
export const createDelay = (clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>, ms: number, task: () => void) => {
  let timer: unknown;
  return {
    begin: () => {
      timer ??= clock.setTimeout(() => {
        timer = undefined;
        task();
      }, ms);
    },
    end: () => {
      clock.clearTimeout(timer);
      timer = undefined;
    },
  };
};
