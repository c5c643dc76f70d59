import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { sum, type Tally } from './tally.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const described = ({ runs, old, new: young, mixed, bricked }: Tally): string =>
  `${String(runs).padStart(6)} runs: ${old} old, ${young} new, ${mixed} mixed, ${bricked} bricked`;

const sayTest = (test: TestCase): void => {
  const { tally } = test.meta();
  const { state, errors = [] } = test.result();
  say(`${tally ? described(tally) : state.padStart(6)}  ${test.fullName}`);
  for (const { message } of errors) say(`FAILED ${message}`);
};

/** Prints what became of the units of each part of the matrix, and of all of them as JSON on the last line. */
export const tallyReporter: Reporter = {
  onTestCaseResult: sayTest,
  onTestRunEnd: (modules: readonly TestModule[], unhandled) => {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    for (const { message } of [...modules.flatMap((module) => module.errors()), ...unhandled]) say(`FAILED ${message}`);
    say(JSON.stringify(sum(tests.flatMap((test) => test.meta().tally ?? []))));
  },
};
