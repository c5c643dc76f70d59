import type { BrokerError } from '../../../services/errors.ts';
import { createFifo } from '../fifo.ts';

/** An answer that a broker owes. */
export interface Answer {
  readonly what: string;
  readonly resolve: () => void;
  readonly reject: (error: BrokerError) => void;
  /** Whether it is still waited for. */
  isOpen: boolean;
}

/** Promises of answers that a broker owes; each settles once. */
export interface Waiting {
  /**
   * Waits for one answer.
   *
   * @param what Says that it did not come.
   * @param ask Sends the question.
   */
  for(what: string, ask: (answer: Answer) => void): Promise<void>;
  /** An answer came, or never will; only the first call counts. */
  settle(answer: Answer, error?: BrokerError): void;
  /** Fails whatever still waits. */
  failAll(error: BrokerError): void;
}

const any = () => true;

/**
 * Waits for the oldest answer, with one timer.
 *
 * Brokers answer in the order of the questions (MQTT section 4.6), so that the time for an answer counts from when all
 * before it have come: a broker that is slow and alive may owe many, one that leaves out a single answer is found out.
 *
 * @param onOverdue Called with what did not come within `timeoutMs`; whoever waits is for the caller to fail.
 */
export const waiting = (timeoutMs: number, onOverdue: (what: string) => void): Waiting => {
  const answers = createFifo<Answer>(({ isOpen }) => !isOpen);
  let sinceMs = 0;
  let dueMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    timer = undefined;
    const now = performance.now();
    // So late a timer tells that this program was held up, and has not yet read what came meanwhile.
    if (now - dueMs > timeoutMs / 4) sinceMs = now;
    const oldest = answers.find(any);
    if (oldest && now - sinceMs >= timeoutMs) onOverdue(oldest.what);
    else start();
  };
  const start = () => {
    dueMs = sinceMs + timeoutMs;
    timer = setTimeout(look, dueMs - performance.now());
  };
  const settle = (answer: Answer, error?: BrokerError) => {
    if (!answer.isOpen) return;
    if (answer === answers.find(any)) sinceMs = performance.now();
    answer.isOpen = false;
    answers.lost();
    if (answers.size === 0) {
      clearTimeout(timer);
      timer = undefined;
    }
    if (error) answer.reject(error);
    else answer.resolve();
  };
  return {
    for: (what, ask) =>
      new Promise((resolve, reject) => {
        const answer = { what, resolve, reject, isOpen: true };
        if (answers.size === 0) sinceMs = performance.now();
        answers.push(answer);
        if (timer === undefined) start();
        ask(answer);
      }),
    settle,
    failAll: (error) => {
      for (const answer of answers.items()) settle(answer, error);
    },
  };
};

/** Lets at most `size` tasks run at once, in order; one that returns `false` gives its turn away. */
export const turnstile = (size: number) => {
  const queue: (() => boolean)[] = [];
  let running = 0;
  const next = () => {
    while (running < size) {
      const run = queue.shift();
      if (!run) return;
      running += 1;
      if (!run()) running -= 1;
    }
  };
  return {
    enter: (run: () => boolean) => {
      queue.push(run);
      next();
    },
    leave: () => {
      running -= 1;
      next();
    },
  };
};
