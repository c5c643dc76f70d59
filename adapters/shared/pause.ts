import type { Clock } from '../../services/clock.ts';

/** A wait that is not begun again before it is over. */
export const createPause = (clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>, onEnd: () => void) => {
  let timer: unknown;
  return {
    begin: (ms: number) => {
      timer ??= clock.setTimeout(() => {
        timer = undefined;
        onEnd();
      }, ms);
    },
    end: () => {
      clock.clearTimeout(timer);
      timer = undefined;
    },
    isOn: () => timer !== undefined,
  };
};
