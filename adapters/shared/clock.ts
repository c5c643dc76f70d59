import type { Clock } from '../../services/clock.ts';

/** The longest wait that a host's timer can count, in milliseconds. */
const longestMs = 2 ** 31 - 1;

interface Wait {
  timer: ReturnType<typeof setTimeout> | undefined;
}

const arm = (wait: Wait, fn: () => void, ms: number): void => {
  const step = Math.min(ms, longestMs);
  wait.timer = setTimeout(() => (ms > step ? arm(wait, fn, ms - step) : fn()), step);
};

/** The host's own clock and timers; a wait may be longer than the 24.8 days that the host's timers can count. */
export const systemClock = (): Clock => ({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (fn, ms) => {
    const wait: Wait = { timer: undefined };
    arm(wait, fn as () => void, ms);
    return wait;
  },
  clearTimeout: (id) => clearTimeout((id as Wait | undefined)?.timer),
});

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
