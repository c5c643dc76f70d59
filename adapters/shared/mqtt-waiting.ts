import { BrokerError } from '../../services/errors.ts';
import { createFifo } from './fifo.ts';

/** An answer that a broker owes. */
export interface Answer {
  readonly due: number;
  readonly what: string;
  readonly resolve: () => void;
  readonly reject: (error: BrokerError) => void;
  /** Whether it is still waited for. */
  isOpen: boolean;
}

/** Promises of answers that a broker owes; each settles once, at the latest after `timeoutMs`. */
export interface Waiting {
  /**
   * Waits for one answer.
   *
   * @param what Named in the timeout's message.
   * @param ask Sends the question.
   */
  for(what: string, ask: (answer: Answer) => void): Promise<void>;
  /** An answer came, or never will; only the first call counts. */
  settle(answer: Answer, error?: BrokerError): void;
  /** Fails whatever still waits. */
  failAll(error: BrokerError): void;
}

/** All answers have the same patience, so that one timer for the oldest is enough. */
export const waiting = (timeoutMs: number): Waiting => {
  const answers = createFifo<Answer>(({ isOpen }) => !isOpen);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = () => {
    clearTimeout(timer);
    timer = undefined;
    const oldest = answers.find(() => true);
    if (oldest) timer = setTimeout(expire, Math.max(0, oldest.due - performance.now()));
  };
  const settle = (answer: Answer, error?: BrokerError) => {
    if (!answer.isOpen) return;
    answer.isOpen = false;
    answers.lost();
    if (answers.size === 0) arm();
    if (error) answer.reject(error);
    else answer.resolve();
  };
  const expire = () => {
    const now = performance.now();
    for (const answer of answers.items()) {
      if (answer.due > now) break;
      const message = `The broker did not answer ${answer.what} within ${timeoutMs} ms. Check the network.`;
      settle(answer, new BrokerError('timeout', message));
    }
    arm();
  };
  return {
    for: (what, ask) =>
      new Promise((resolve, reject) => {
        const answer = { due: performance.now() + timeoutMs, what, resolve, reject, isOpen: true };
        answers.push(answer);
        if (timer === undefined) arm();
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
