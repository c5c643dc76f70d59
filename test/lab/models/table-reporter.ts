import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { Coverage } from './walk.ts';

const share = (missed: readonly string[], all: number): string => `${all - missed.length}/${all}`;

const columns: readonly [title: string, cell: (coverage: Coverage) => string | number][] = [
  ['machine', ({ machine }) => machine],
  ['states', ({ missedStates, states }) => share(missedStates, states)],
  ['transitions', ({ missedTransitions, transitions }) => share(missedTransitions, transitions)],
  ['situations', ({ situations }) => situations],
  ['edges', ({ edges }) => edges],
  ['paths', ({ paths }) => paths],
];

const table = (coverages: readonly Coverage[]): string => {
  const rows = [
    columns.map(([title]) => title),
    ...coverages.map((one) => columns.map(([, cell]) => String(cell(one)))),
  ];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))),
    )
    .map((row) => row.join('  ').trimEnd())
    .join('\n');
};

/** What others read: counts, and coverage as a share from 0 to 1. */
const summary = ({ missedStates, missedTransitions, states, transitions, ...rest }: Coverage) => ({
  ...rest,
  states,
  transitions,
  stateCoverage: 1 - missedStates.length / states,
  transitionCoverage: 1 - missedTransitions.length / transitions,
  missed: [...missedStates, ...missedTransitions],
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const complain = (test: TestCase): void => {
  const { errors = [] } = test.result();
  for (const { message } of errors) say(`\nFAILED ${test.fullName}\n${message}`);
};

/** Prints what was walked of each machine as a table, and as JSON on the last line. */
export const tableReporter: Reporter = {
  onTestRunEnd: (modules: readonly TestModule[], unhandled) => {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const coverages = tests.flatMap((test) => test.meta().coverage ?? []);
    say(table(coverages));
    for (const test of tests) complain(test);
    for (const { message } of [...modules.flatMap((module) => module.errors()), ...unhandled])
      say(`\nFAILED ${message}`);
    say(`\n${JSON.stringify(coverages.map(summary))}`);
  },
};
