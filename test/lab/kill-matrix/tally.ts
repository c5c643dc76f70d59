/** What became of a unit after a fault. */
export type Verdict = 'old' | 'new' | 'mixed' | 'bricked';

/** Counts what became of all of them. */
export interface Tally {
  readonly steps: number;
  readonly runs: number;
  readonly old: number;
  readonly new: number;
  readonly mixed: number;
  readonly bricked: number;
}

export const emptyTally: Tally = { steps: 0, runs: 0, old: 0, new: 0, mixed: 0, bricked: 0 };

/** One more run, and what became of it. */
export const counted = (tally: Tally, verdict: Verdict): Tally => ({
  ...tally,
  runs: tally.runs + 1,
  [verdict]: tally[verdict] + 1,
});

/** All that several tallies count. */
export const sum = (tallies: readonly Tally[]): Tally =>
  tallies.reduce(
    (all, one) => ({
      steps: all.steps + one.steps,
      runs: all.runs + one.runs,
      old: all.old + one.old,
      new: all.new + one.new,
      mixed: all.mixed + one.mixed,
      bricked: all.bricked + one.bricked,
    }),
    emptyTally,
  );

declare module 'vitest' {
  interface TaskMeta {
    tally?: Tally;
  }
}

/** Judges one run after the other; what a run is, is the caller's to say. */
export const tallyOf = async <T>(runs: readonly T[], run: (each: T) => Promise<Verdict>): Promise<Tally> => {
  let tally = emptyTally;
  for (const each of runs) tally = counted(tally, await run(each));
  return tally;
};

/** What no run may end in. */
export const harmless = { mixed: 0, bricked: 0 };
