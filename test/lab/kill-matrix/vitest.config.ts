import { defineConfig } from 'vitest/config';
import { tallyReporter } from './tally-reporter.ts';

export default defineConfig({
  test: {
    root: '.',
    include: ['test/lab/kill-matrix/*.test.ts'],
    env: { KILL_MATRIX: 'whole' },
    hookTimeout: 60_000,
    reporters: [tallyReporter],
  },
});
