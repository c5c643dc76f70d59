import type { Clock } from '../../services/clock.ts';

/** Waits with a time limit, for work that may hang. */
export interface Timeouts {
  /**
   * Waits for work until a time limit. The work itself continues after it.
   *
   * @returns Whether it was done in time.
   * @throws The work's error, if it rejects in time.
   */
  withTimeout(work: Promise<unknown>, ms: number): Promise<boolean>;
  /** Ends every wait at once, as if its time limit were over. */
  endAll(): void;
}

export const createTimeouts = (clock: Clock): Timeouts => {
  let waits: Set<() => void> | undefined;
  return {
    withTimeout: (work, ms) =>
      new Promise((resolve, reject) => {
        const end = (isDone = false) => {
          clock.clearTimeout(timer);
          waits?.delete(end);
          if (waits?.size === 0) waits = undefined;
          resolve(isDone);
        };
        const timer = clock.setTimeout(end, ms);
        waits ??= new Set();
        waits.add(end);
        work.then(
          () => end(true),
          (thrown: unknown) => {
            reject(thrown);
            end();
          },
        );
      }),
    endAll: () => {
      for (const end of waits ?? []) end();
    },
  };
};
