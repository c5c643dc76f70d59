import { defineConfig } from 'vitest/config';
import { verdictReporter } from './verdict-reporter.ts';

export default defineConfig({
  test: { root: '.', include: ['test/lab/hostile/hostile.test.ts'], reporters: [verdictReporter] },
});
