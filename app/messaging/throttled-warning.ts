import type { Clock } from '../../services/clock.ts';

/** A warning about a repeated event: reports the first one at once, and later ones as a count in intervals. */
export interface ThrottledWarning {
  /** Counts an event. @param detail Detail for the warning, which shows the newest. */
  add(detail?: string): void;
  /** Treats the next event as a first one. */
  reset(): void;
  count(): number;
  /** Stops the warnings; keeps counting. */
  stop(): void;
  /** Warns again after a stop. */
  start(): void;
}

/**
 * @param warn Receives the number of events since its last call, the total and the newest detail. It may cause events
 *   itself; they are throttled too.
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
  const report = () => {
    timer = undefined;
    if (isStopped || total === known) return;
    timer = clock.setTimeout(report, everyMs);
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
      if (timer === undefined) report();
    },
    reset,
    count: () => total,
    stop: () => {
      isStopped = true;
      reset();
    },
    start: () => {
      isStopped = false;
    },
  };
};

/** Time between two warnings about refusals on one topic, milliseconds. */
const refusalsEveryMs = 60_000;
const maxTopics = 256;

/** Creates warnings about refused messages, throttled by topic, so that a loop does not fill the log. */
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

/** How often drops are reported while they go on, milliseconds. */
const dropsEveryMs = 600_000;

const countOf = (fresh: number, total: number): string => `${fresh} more dropped, ${total} so far.`;

/** Warns of what is dropped because all topics together, or one by itself, have too much that waits. */
export const createDropWarnings = (clock: Clock, warn: (message: string) => void) => ({
  full: createThrottledWarning(clock, dropsEveryMs, (fresh, total) => {
    const what = fresh === total ? 'messages are dropped from now on.' : countOf(fresh, total);
    warn(`The queue of unsent messages is full: ${what}`);
  }),
  fullTopic: createThrottledWarning(clock, dropsEveryMs, (fresh, total, topic) => {
    const what = fresh === total ? 'Some are dropped.' : countOf(fresh, total);
    warn(`A topic has reached its own bound of unsent messages: ${topic.slice(0, 200)}. ${what}`);
  }),
});
