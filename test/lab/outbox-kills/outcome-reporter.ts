import type { Reporter, TestModule } from 'vitest/node';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Prints what became of the messages, as JSON on the last line. */
export const outcomeReporter: Reporter = {
  onTestRunEnd: (modules: readonly TestModule[], unhandled) => {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const failures = tests.flatMap((test) => test.result().errors ?? []);
    for (const { message } of [...failures, ...modules.flatMap((module) => module.errors()), ...unhandled])
      say(`FAILED ${message}`);
    for (const test of tests) say(JSON.stringify(test.meta().outcome ?? { lost: null }));
  },
};
