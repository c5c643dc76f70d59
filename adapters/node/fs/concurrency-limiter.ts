const maxTasks = 16;
const maxWeight = 4 * 1024 * 1024;

/** Runs at most 16 tasks at a time, together of at most 4 MiB. */
export interface ConcurrencyLimiter {
  /** Starts a task once there is room. @param weight Bytes that it holds. @throws The error of an earlier task. */
  add(weight: number, task: () => Promise<void>): Promise<void>;
  /** Waits until every task has ended. @throws The error of the first task that failed. */
  whenIdle(): Promise<void>;
}

export const createConcurrencyLimiter = (): ConcurrencyLimiter => {
  const running = new Set<Promise<void>>();
  const state: { weight: number; failure?: { readonly cause: unknown } } = { weight: 0 };
  const throwFailure = (): void => {
    if (state.failure) throw state.failure.cause;
  };
  const hasRoom = (weight: number): boolean =>
    running.size === 0 || (running.size < maxTasks && state.weight + weight <= maxWeight);
  const run = async (weight: number, task: () => Promise<void>): Promise<void> => {
    state.weight += weight;
    try {
      await task();
    } catch (cause) {
      state.failure ??= { cause };
    }
    state.weight -= weight;
  };
  return {
    add: async (weight, task) => {
      while (!hasRoom(weight)) await Promise.race(running);
      throwFailure();
      const ran = run(weight, task).finally(() => running.delete(ran));
      running.add(ran);
    },
    whenIdle: async () => {
      await Promise.all(running);
      throwFailure();
    },
  };
};
