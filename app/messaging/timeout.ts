import type { Clock } from '../../services/clock.ts';

/** Waits for work that may hang. */
export interface Waits {
  /**
   * Waits for so long and no longer; the work goes on.
   *
   * @returns Whether it was done in time.
   * @throws What the work rejects with in time.
   */
  inTime(work: Promise<unknown>, ms: number): Promise<boolean>;
  /** Waits for nothing any more. */
  end(): void;
}

export const createWaits = (clock: Clock): Waits => {
  const ends = new Set<() => void>();
  return {
    inTime: (work, ms) =>
      new Promise((resolve, reject) => {
        const giveUp = () => {
          clock.clearTimeout(timer);
          ends.delete(giveUp);
          resolve(false);
        };
        const timer = clock.setTimeout(giveUp, ms);
        ends.add(giveUp);
        work.then(() => resolve(true), reject).finally(giveUp);
      }),
    end: () => {
      for (const giveUp of ends) giveUp();
    },
  };
};
