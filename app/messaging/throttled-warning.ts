import type { Clock } from '../../services/clock.ts';

/** A warning about a repeated event: reports the first one at once, and later ones as a count in intervals. */
export class ThrottledWarning {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #warn: (fresh: number, total: number, detail: string) => void;
  #total = 0;
  #known = 0;
  #newest = '';
  #isStopped = false;
  #timer: unknown;

  /**
   * @param warn Receives the number of events since its last call, the total and the newest detail. It may cause events
   *   itself; they are throttled too.
   */
  constructor(clock: Clock, everyMs: number, warn: (fresh: number, total: number, detail: string) => void) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#warn = warn;
  }

  /** Counts an event. @param detail Detail for the warning, which shows the newest. */
  add(detail = ''): void {
    this.#total += 1;
    this.#newest = detail;
    if (this.#timer === undefined) this.#report();
  }

  /** Treats the next event as a first one. */
  reset(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  count(): number {
    return this.#total;
  }

  /** Stops the warnings; keeps counting. */
  stop(): void {
    this.#isStopped = true;
    this.reset();
  }

  /** Warns again after a stop. */
  start(): void {
    this.#isStopped = false;
  }

  #report(): void {
    this.#timer = undefined;
    if (this.#isStopped || this.#total === this.#known) return;
    this.#timer = this.#clock.setTimeout(() => this.#report(), this.#everyMs);
    this.#warn(this.#total - this.#known, this.#total, this.#newest);
    this.#known = this.#total;
  }
}

/** Time between two warnings about refusals on one topic, milliseconds. */
const refusalsEveryMs = 60_000;
const maxTopics = 256;

/** Creates warnings about refused messages, throttled by topic, so that a loop does not fill the log. */
export const createRefusalWarnings = (clock: Clock, warn: (message: string) => void) => {
  let topics: Map<string, ThrottledWarning> | undefined;
  const stop = () => {
    for (const warning of topics?.values() ?? []) warning.stop();
    topics = undefined;
  };
  const warningOf = (topic: string) =>
    new ThrottledWarning(clock, refusalsEveryMs, (fresh, total, reason) => {
      const which = fresh === total ? 'A message' : `${fresh} more`;
      warn(`${which} for ${topic.slice(0, 200)} ${fresh === total ? 'was' : 'were'} refused: ${reason}`);
    });
  return {
    add: (topic: string, reason: string) => {
      let warning = topics?.get(topic);
      if (!warning) {
        if (topics && topics.size >= maxTopics) stop();
        topics ??= new Map();
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
  full: new ThrottledWarning(clock, dropsEveryMs, (fresh, total) => {
    const what = fresh === total ? 'messages are dropped from now on.' : countOf(fresh, total);
    warn(`The queue of unsent messages is full: ${what}`);
  }),
  fullTopic: new ThrottledWarning(clock, dropsEveryMs, (fresh, total, topic) => {
    const what = fresh === total ? 'Some are dropped.' : countOf(fresh, total);
    warn(`A topic has reached its own bound of unsent messages: ${topic.slice(0, 200)}. ${what}`);
  }),
});
