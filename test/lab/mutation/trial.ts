import { createLane, type Answer, type Lane, type Question } from './lanes.ts';
import { mutatedText } from './mutants.ts';
import type { Mutant } from './mutant.ts';
import { machineOf, modelTests, ownTests, type Tests } from './targets.ts';

/** How a mutant ended: a test failed, none did, or the tests did not come to an end. */
export type Fate = 'killed' | 'survived' | 'timedOut';

export interface Verdict {
  readonly mutant: Mutant;
  readonly fate: Fate;
  /** The test that failed. */
  readonly failed?: string;
  readonly ms: number;
}

const question = ({ files, only }: Tests, mutant?: Mutant): Question => ({
  tests: { files, ...(only && { only: only.source }) },
  fault: mutant && { file: mutant.file, text: mutatedText(mutant) },
});

/** Far beyond what the tests take: only what hangs misses it. */
const limitMs = (usualMs: number): number => 15_000 + 5 * usualMs;

/** Without a fault only what hangs takes longer, also beside the rest of the suite. */
const longestMs = 400_000;

/** Lets each lane take the next of a list, until none is left. */
const share = async <T>(lanes: readonly Lane[], list: readonly T[], work: (lane: Lane, item: T) => Promise<void>) => {
  const rest = list.values();
  await Promise.all(
    lanes.map(async (lane) => {
      for (const item of rest) await work(lane, item);
    }),
  );
};

/** Runs the tests without a fault. @returns How long they take, milliseconds. @throws If one fails. */
const measure = async (lane: Lane, tests: Tests): Promise<number> => {
  const answer = await lane.ask(question(tests), longestMs);
  const names = `${tests.files.join(', ')} ${tests.only?.source ?? ''}`;
  if (answer?.failed !== undefined) throw new Error(`Without a mutant "${answer.failed}" fails, of ${names}`);
  if (!answer || answer.passed === 0) throw new Error(`There was no test without a mutant, of ${names}`);
  return answer.ms;
};

const fateOf = (answer: Answer | undefined): Fate => {
  if (!answer) return 'timedOut';
  return answer.failed === undefined ? 'survived' : 'killed';
};

/** Tests to run against a mutant in turn, until one fails. */
const stagesOf = (machine: string): Tests[] =>
  [ownTests(machine), modelTests(machine)].filter(({ files }) => files.length > 0);

export interface TrialOptions {
  /** Number of processes. */
  readonly lanes: number;
  /** Called with each verdict as soon as it is known. */
  readonly onVerdict?: (verdict: Verdict) => void;
}

/**
 * Runs the tests of each mutant's machine: its own first and, while none fails, the walk through its model.
 *
 * @throws If a test fails without a mutant.
 */
export const tryMutants = async (mutants: readonly Mutant[], options: TrialOptions): Promise<Verdict[]> => {
  const stages = new Map(
    [...new Set(mutants.map(({ file }) => machineOf(file)))].map((machine) => [machine, stagesOf(machine)]),
  );
  const usualMs = new Map<Tests, Promise<number>>();
  const verdicts = new Map<Mutant, Verdict>();

  const tryOne = async (lane: Lane, mutant: Mutant): Promise<Verdict> => {
    const began = performance.now();
    let answer: Answer | undefined;
    for (const tests of stages.get(machineOf(mutant.file)) ?? []) {
      const usual = usualMs.get(tests) ?? measure(lane, tests);
      usualMs.set(tests, usual);
      answer = await lane.ask(question(tests, mutant), limitMs(await usual));
      if (answer?.failed !== undefined || !answer) break;
    }
    const failed = answer?.failed;
    const ms = Math.round(performance.now() - began);
    return { mutant, fate: fateOf(answer), ms, ...(failed !== undefined && { failed }) };
  };

  const lanes = await Promise.all(Array.from({ length: options.lanes }, createLane));
  try {
    await share(lanes, mutants, async (lane, mutant) => {
      const verdict = await tryOne(lane, mutant);
      verdicts.set(mutant, verdict);
      options.onVerdict?.(verdict);
    });
    return mutants.flatMap((mutant) => verdicts.get(mutant) ?? []);
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
};
