import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { recordShown } from './test/support/canary/record.ts';
import { installed } from './test/support/installed.ts';

/** Files that replace globals or measure their process: each has one of its own. */
const alone = [
  'test/adapters/browser/*.test.ts',
  'test/adapters/node/fs/lock.test.ts',
  'test/adapters/node/process/restart.test.ts',
  'test/adapters/node/sntp.test.ts',
  'test/adapters/shared/archive/archive.test.ts',
  'test/adapters/shared/clock.test.ts',
  'test/adapters/shared/mqtt/{answers,hostile}.test.ts',
  'test/app/faults/{callbacks,reconnects,slow-handler}.test.ts',
  'test/app/messaging/outbound/{disk,outage}.test.ts',
  'test/lab/{differential,hostile}/*.test.ts',
  'test/services/link.test.ts',
];

/** Tests of programs that users wrote: node:test runs them. */
const programs = 'test/docs/programs/*/**';

/** What takes longest by itself; the other files fill the time beside it. */
const long =
  /\/(lab\/(models\/machines|mutation\/sample)|app\/demo\/demo|app\/update\/\w+|app\/faults\/(commands|after-stop)|mqtt\/broker)\.test/;

const rank = ({ moduleId, project }: TestSpecification): number => {
  if (long.test(moduleId)) return 0;
  return project.name === 'together' ? 1 : 2;
};

/** Long files first, then those that share a worker, so that it is kept. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  ssr: installed,
  test: {
    // Only what hangs fails by these: a busy machine is no fault.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 90_000 } },
    // Most tests wait, for timers and for other processes: more workers than cores.
    maxWorkers: 6,
    globalSetup: 'test/support/canary/suite.ts',
    onConsoleLog: (text) => recordShown('console', text),
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: 'together', include: ['test/**/*.test.ts'], exclude: [...alone, programs], isolate: false },
      },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
  },
});
