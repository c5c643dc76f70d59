import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { Verdict } from './judge.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const line = ({ name, refusal, escaped }: Verdict): string => {
  const outcome = refusal === undefined ? 'TAKEN' : `${refusal.code}: ${refusal.message}`;
  return `${name}\n    ${escaped ? 'ESCAPED, ' : ''}${outcome}`;
};

const complain = (test: TestCase): void => {
  const { errors = [] } = test.result();
  for (const { message } of errors) say(`\nFAILED ${test.fullName}\n${message}`);
};

/** Prints of each archive why it was refused, and counts as JSON on the last line. */
export const verdictReporter: Reporter = {
  onTestRunEnd: (modules: readonly TestModule[], unhandled) => {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const verdicts = tests.flatMap((test) => test.meta().verdict ?? []);
    for (const verdict of verdicts) say(line(verdict));
    for (const test of tests) complain(test);
    for (const { message } of [...modules.flatMap((module) => module.errors()), ...unhandled])
      say(`\nFAILED ${message}`);
    const summary = {
      archives: verdicts.length,
      refused: verdicts.filter(({ refusal }) => refusal !== undefined).length,
      escaped: verdicts.filter(({ escaped }) => escaped).length,
      peakRssMb: Math.max(...tests.map((test) => test.meta().peakRssMb ?? 0)),
    };
    say(`\n${JSON.stringify(summary)}`);
  },
};
