import { defineConfig } from 'vitest/config';
import { tableReporter } from './table-reporter.ts';

export default defineConfig({
  test: { root: '.', include: ['test/lab/models/machines.test.ts'], reporters: [tableReporter] },
});
