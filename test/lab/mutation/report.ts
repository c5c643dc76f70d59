import type { Mutant } from './mutant.ts';
import type { Fate, Verdict } from './trial.ts';

/** What a run found out, for programs. */
export interface Summary {
  readonly mutants: number;
  readonly killed: number;
  readonly survived: number;
  /** Number of mutants whose tests did not come to an end. */
  readonly timedOut: number;
  /** Share of mutants that were noticed: killed or timed out. */
  readonly score: number;
  /** Number of mutants left out because they behave like their original. */
  readonly equivalent: number;
  readonly seconds: number;
  readonly survivors: readonly Survivor[];
}

type Survivor = Pick<Mutant, 'file' | 'line' | 'kind' | 'where' | 'was' | 'becomes'>;

const survivorOf = ({ mutant: { file, line, kind, where, was, becomes } }: Verdict): Survivor => ({
  file,
  line,
  kind,
  where,
  was,
  becomes,
});

/** A mutant that no test noticed, for people. */
export const survivorText = ({ file, line, kind, where, was, becomes }: Survivor): string =>
  `SURVIVED ${file}:${line} ${kind} (${where})\n    - ${was}\n    + ${becomes}`;

/** Sums up the verdicts. */
export const summaryOf = (verdicts: readonly Verdict[], equivalent: number, seconds: number): Summary => {
  const count = (fate: Fate) => verdicts.filter((verdict) => verdict.fate === fate).length;
  const survivors = verdicts.filter(({ fate }) => fate === 'survived').map(survivorOf);
  const mutants = verdicts.length;
  return {
    mutants,
    killed: count('killed'),
    survived: survivors.length,
    timedOut: count('timedOut'),
    score: mutants === 0 ? 0 : Math.floor((1 - survivors.length / mutants) * 10_000) / 10_000,
    equivalent,
    seconds: Math.round(seconds),
    survivors,
  };
};
