import type { Clock } from '../../services/clock.ts';

/** Warns of what happens again and again: of the first at once, of those after it once in a while, with their number. */
export interface ThrottledWarning {
  /** It happened once more. @param detail The newest one stands in the warning. */
  add(detail?: string): void;
  /** It is over: the next is a first one again. */
  reset(): void;
  count(): number;
  /** Counts on, and warns no more. */
  stop(): void;
}

/**
 * @param warn Gets how many there were since the last call, how many in all, and the newest detail. What it causes
 *   itself counts, and is warned of no more often than anything else.
 */
export const createThrottledWarning = (
  clock: Clock,
  everyMs: number,
  warn: (fresh: number, total: number, detail: string) => void,
): ThrottledWarning => {
  let total = 0;
  let known = 0;
  let newest = '';
  let isStopped = false;
  let timer: unknown;
  const look = () => {
    timer = undefined;
    if (isStopped || total === known) return;
    timer = clock.setTimeout(look, everyMs);
    warn(total - known, total, newest);
    known = total;
  };
  const reset = () => {
    clock.clearTimeout(timer);
    timer = undefined;
  };
  return {
    add: (detail = '') => {
      total += 1;
      newest = detail;
      if (timer === undefined) look();
    },
    reset,
    count: () => total,
    stop: () => {
      isStopped = true;
      reset();
    },
  };
};

/** How often refusals on one topic are reported, milliseconds. */
const refusalsEveryMs = 60_000;
const maxTopics = 256;

/** Warns of refused messages, throttled for each topic: a refusal in a loop does not fill the log. */
export const createRefusalWarnings = (clock: Clock, warn: (message: string) => void) => {
  const topics = new Map<string, ThrottledWarning>();
  const stop = () => {
    for (const warning of topics.values()) warning.stop();
    topics.clear();
  };
  const warningOf = (topic: string) =>
    createThrottledWarning(clock, refusalsEveryMs, (fresh, total, reason) => {
      const which = fresh === total ? 'A message' : `${fresh} more`;
      warn(`${which} for ${topic.slice(0, 200)} ${fresh === total ? 'was' : 'were'} refused: ${reason}`);
    });
  return {
    add: (topic: string, reason: string) => {
      let warning = topics.get(topic);
      if (!warning) {
        if (topics.size >= maxTopics) stop();
        warning = warningOf(topic);
        topics.set(topic, warning);
      }
      warning.add(reason);
    },
    stop,
  };
};
