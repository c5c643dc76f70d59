import type { TaskMeta } from 'vitest';
import type { Reporter, TestCase } from 'vitest/node';

/** What the tests of a lab found out. */
export interface Findings {
  /** What each test left in its `task.meta`. */
  readonly metas: readonly TaskMeta[];
  /** Names of the tests that failed. */
  readonly failed: readonly string[];
}

/** A lab's own words for its findings. */
export interface LabReport {
  /** A line for each test, as soon as it is over. @defaultValue none */
  readonly line?: (test: TestCase) => string;
  /** The findings for people. @defaultValue none */
  readonly text?: (findings: Findings) => string;
  /** The findings for programs: the last line of the run, as JSON. */
  readonly json: (findings: Findings) => unknown;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const failuresOf = (test: TestCase): string[] =>
  (test.result().errors ?? []).map(({ message }) => `FAILED ${test.fullName}\n${message}`);

/** Prints a lab's text, what failed, and the findings as JSON on the last line. */
export const labReporter = ({ line, text, json }: LabReport): Reporter => ({
  ...(line && { onTestCaseResult: (test) => say(line(test)) }),
  onTestRunEnd: (modules, unhandled) => {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const outside = [...modules.flatMap((module) => module.errors()), ...unhandled];
    const findings: Findings = {
      metas: tests.map((test) => test.meta()),
      failed: tests.filter((test) => test.result().state === 'failed').map(({ name }) => name),
    };
    const failures = [...tests.flatMap(failuresOf), ...outside.map(({ message }) => `FAILED ${message}`)];
    const parts = [text?.(findings) ?? '', ...failures, JSON.stringify(json(findings))];
    say(parts.filter((part) => part !== '').join('\n\n'));
  },
});
