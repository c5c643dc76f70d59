import type { Reporter, TestModule } from 'vitest/node';
import { textTable } from '../support/text-table.ts';
import type { Result } from './lab.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const outcomeOf = ({ crashed, hung, happened, lost }: Result): string => {
  if (crashed !== undefined) return `CRASHED: ${crashed}`;
  if (hung !== undefined) return `FAILED: ${hung}`;
  return lost > 0 ? `LOST ${lost}: ${happened}` : happened;
};

/** Prints each fault as a row of a table, and as JSON on the last line. */
export const labReporter: Reporter = {
  onTestRunEnd: (modules: readonly TestModule[], unhandled) => {
    const results = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => test.meta().fault ?? []),
    );
    say(
      textTable([
        ['fault', 'seconds', 'what happened', 'the reference client'],
        ...results.map((result) => [result.fault, result.seconds.toFixed(2), outcomeOf(result), result.reference]),
      ]),
    );
    for (const { message } of [...modules.flatMap((module) => module.errors()), ...unhandled])
      say(`\nFAILED ${message}`);
    const summary = {
      rows: results.length,
      crashed: results.filter(({ crashed }) => crashed !== undefined).length,
      hung: results.filter(({ hung }) => hung !== undefined).length,
      lost: results.reduce((sum, { lost }) => sum + lost, 0),
      results,
    };
    say(`\n${JSON.stringify(summary)}`);
  },
};
