import type { Reporter, TestModule } from 'vitest/node';
import { textTable } from '../../support/text-table.ts';
import type { Soaked } from './soak.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Prints what a soak found, and as JSON on the last line. */
export const soakReporter: Reporter = {
  onTestRunEnd: (modules: readonly TestModule[], unhandled) => {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    for (const test of tests) for (const { message } of test.result().errors ?? []) say(`FAILED ${message}`);
    for (const { message } of [...modules.flatMap((module) => module.errors()), ...unhandled]) say(`FAILED ${message}`);
    const soaked = tests.flatMap((test) => test.meta().soaked ?? ([] as Soaked[]))[0];
    const metrics = Object.entries(soaked ?? {}).map(([name, value]) => [name, String(value)]);
    say(textTable([['figure', 'value'], ...metrics]));
    say(`\n${JSON.stringify(soaked ?? { failed: true })}`);
  },
};
