import { defineConfig } from 'vitest/config';

/** Files that replace globals or measure their process: each has one of its own. */
const alone = [
  'test/adapters/browser/*.test.ts',
  'test/adapters/node/fs/lock.test.ts',
  'test/adapters/node/process/restart.test.ts',
  'test/adapters/node/sntp.test.ts',
  'test/adapters/shared/archive/archive.test.ts',
  'test/adapters/shared/clock.test.ts',
  'test/adapters/shared/mqtt/{answers,hostile}.test.ts',
  'test/app/faults/{callbacks,reconnects}.test.ts',
  'test/app/messaging/outbound/{disk,outage}.test.ts',
  'test/lab/hostile/*.test.ts',
  'test/services/link.test.ts',
];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Most tests wait, for timers and for other processes: more workers than cores.
    maxWorkers: 6,
    projects: [
      {
        extends: true,
        test: { name: 'together', include: ['test/**/*.test.ts'], exclude: alone, isolate: false },
      },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
  },
});
