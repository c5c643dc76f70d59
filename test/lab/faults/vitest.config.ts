import { defineConfig } from 'vitest/config';
import { labReporter } from './lab-reporter.ts';

export default defineConfig({
  test: { root: '.', include: ['test/lab/faults/faults.lab.ts'], reporters: [labReporter], maxConcurrency: 10 },
});
