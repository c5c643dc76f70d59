import { BrokerError } from '../../services/errors.ts';

type Settle = (error?: BrokerError) => void;

interface Waiter {
  readonly due: number;
  readonly what: string;
  readonly settle: Settle;
}

/** Promises of answers that a broker owes; each settles once, at the latest after `timeoutMs`. */
export interface Waiting {
  /**
   * Waits for one answer.
   *
   * @param what Named in the timeout's message.
   * @param ask Sends the question; it gets what to call with the answer.
   */
  for(what: string, ask: (settle: Settle) => void): Promise<void>;
  /** Fails whatever still waits. */
  failAll(error: BrokerError): void;
}

/** All answers have the same patience, so that one timer for the oldest is enough. */
export const waiting = (timeoutMs: number): Waiting => {
  const waiters = new Set<Waiter>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = () => {
    clearTimeout(timer);
    timer = undefined;
    const [oldest] = waiters;
    if (oldest) timer = setTimeout(expire, Math.max(0, oldest.due - performance.now()));
  };
  const expire = () => {
    const now = performance.now();
    for (const waiter of waiters) {
      if (waiter.due > now) break;
      waiter.settle(
        new BrokerError(
          'timeout',
          `The broker did not answer ${waiter.what} within ${timeoutMs} ms. Check the network.`,
        ),
      );
    }
    arm();
  };
  return {
    for: (what, ask) =>
      new Promise((resolve, reject) => {
        const settle: Settle = (error) => {
          if (!waiters.delete(waiter)) return;
          if (waiters.size === 0) arm();
          if (error) reject(error);
          else resolve();
        };
        const waiter: Waiter = { due: performance.now() + timeoutMs, what, settle };
        waiters.add(waiter);
        if (timer === undefined) arm();
        ask(settle);
      }),
    failAll: (error) => {
      for (const waiter of waiters) waiter.settle(error);
    },
  };
};

/** Lets at most `size` tasks run at once, in order; a task that is no longer wanted gives its turn away. */
export const turnstile = (size: number) => {
  const queue: { wanted: () => boolean; run: () => void }[] = [];
  let running = 0;
  const next = () => {
    while (running < size) {
      const task = queue.shift();
      if (!task) return;
      if (!task.wanted()) continue;
      running += 1;
      task.run();
    }
  };
  return {
    enter: (run: () => void, wanted: () => boolean) => {
      queue.push({ wanted, run });
      next();
    },
    leave: () => {
      running -= 1;
      next();
    },
  };
};
