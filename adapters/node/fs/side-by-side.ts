/** Tasks at a time. */
const mostTasks = 16;
/** What the tasks at a time may weigh together. */
const mostWeight = 4 * 1024 * 1024;

/** Runs tasks side by side, a bounded number of them. */
export interface SideBySide {
  /** Starts a task as soon as there is room. @param weight Bytes that it holds. @throws What an earlier task failed with. */
  add(weight: number, task: () => Promise<void>): Promise<void>;
  /** Waits until every task has ended. @throws What the first failed with. */
  settled(): Promise<void>;
}

export const sideBySide = (): SideBySide => {
  const running = new Set<Promise<void>>();
  const state: { weight: number; failed?: { readonly cause: unknown } } = { weight: 0 };
  const check = (): void => {
    if (state.failed) throw state.failed.cause;
  };
  const hasRoom = (weight: number): boolean =>
    running.size === 0 || (running.size < mostTasks && state.weight + weight <= mostWeight);
  const run = async (weight: number, task: () => Promise<void>): Promise<void> => {
    state.weight += weight;
    try {
      await task();
    } catch (cause) {
      state.failed ??= { cause };
    }
    state.weight -= weight;
  };
  return {
    add: async (weight, task) => {
      while (!hasRoom(weight)) await Promise.race(running);
      check();
      const ran = run(weight, task).finally(() => running.delete(ran));
      running.add(ran);
    },
    settled: async () => {
      await Promise.all(running);
      check();
    },
  };
};
