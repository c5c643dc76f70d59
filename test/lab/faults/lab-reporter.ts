import type { Reporter, TestModule } from 'vitest/node';
import { textTable } from '../../support/text-table.ts';
import type { Result } from './lab.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const outcomeOf = ({ crashed, hung, unbounded, happened, lost }: Result): string => {
  if (crashed !== undefined) return `CRASHED: ${crashed}`;
  if (hung !== undefined) return `FAILED: ${hung}`;
  if (unbounded !== undefined) return `UNBOUNDED: ${unbounded}`;
  return lost > 0 ? `LOST ${lost}: ${happened}` : happened;
};

const howMeasured = [
  'On loopback, where units do not spread their return (mqtt.spreadMs is 0): elsewhere the first wait is longer.',
  'waiting, sending: the most messages at once. dropped: for want of room. MB: how much the process grew.',
].join('\n');

const titles = ['fault', 'seconds', 'waiting', 'sending', 'dropped', 'MB', 'what happened', 'the reference client'];

const cellsOf = (result: Result): string[] => {
  const { fault, seconds, waiting, sending, dropped, grownMb, reference } = result;
  const metrics = [waiting, sending, dropped, grownMb].map(String);
  return [fault, seconds.toFixed(2), ...metrics, outcomeOf(result), reference];
};

/** Prints each fault as a row of a table, and as JSON on the last line. */
export const labReporter: Reporter = {
  onTestRunEnd: (modules: readonly TestModule[], unhandled) => {
    const results = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => test.meta().fault ?? []),
    );
    say(`${howMeasured}\n`);
    say(textTable([titles, ...results.map(cellsOf)]));
    for (const { message } of [...modules.flatMap((module) => module.errors()), ...unhandled])
      say(`\nFAILED ${message}`);
    const summary = {
      rows: results.length,
      crashed: results.filter(({ crashed }) => crashed !== undefined).length,
      hung: results.filter(({ hung }) => hung !== undefined).length,
      unbounded: results.filter(({ unbounded }) => unbounded !== undefined).length,
      lost: results.reduce((sum, { lost }) => sum + lost, 0),
      dropped: results.reduce((sum, { dropped }) => sum + dropped, 0),
      mostWaiting: Math.max(...results.map(({ waiting }) => waiting)),
      mostSending: Math.max(...results.map(({ sending }) => sending)),
      mostGrownMb: Math.max(...results.map(({ grownMb }) => grownMb)),
      results,
    };
    say(`\n${JSON.stringify(summary)}`);
  },
};
