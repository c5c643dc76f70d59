/** Runs one task at a time, in the order of the calls; a failed task does not stop the next ones. */
export class SerialQueue {
  #last: Promise<unknown> | undefined;

  run<T>(task: () => Promise<T>): Promise<T> {
    const done = (this.#last ?? Promise.resolve()).then(task, task);
    this.#last = done;
    return done;
  }
}

/** Runs one task at a time for each key, in the order of the calls; keys are independent. */
export type KeyedQueue = <T>(key: string, task: () => Promise<T>) => Promise<T>;

/** Creates an empty queue; a failed task does not stop the next ones. */
export const createKeyedQueue = (): KeyedQueue => {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, task) => {
    const before = tails.get(key) ?? Promise.resolve();
    const running = before.then(task, task);
    tails.set(key, running);
    try {
      return await running;
    } finally {
      if (tails.get(key) === running) tails.delete(key);
    }
  };
};
