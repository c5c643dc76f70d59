import { defineConfig } from 'vitest/config';
import { labReporter } from './lab-reporter.ts';

export default defineConfig({
  test: { root: '.', include: ['test/faults/faults.lab.ts'], reporters: [labReporter], maxConcurrency: 10 },
});
