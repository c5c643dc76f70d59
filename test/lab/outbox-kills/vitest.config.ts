import { defineConfig } from 'vitest/config';
import { outcomeReporter } from './outcome-reporter.ts';

export default defineConfig({
  test: { root: '.', include: ['test/lab/outbox-kills/kills.lab.ts'], reporters: [outcomeReporter] },
});
