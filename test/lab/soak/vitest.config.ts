import { defineConfig } from 'vitest/config';
import { soakReporter } from './soak-reporter.ts';

export default defineConfig({
  test: { root: '.', include: ['test/lab/soak/soak.lab.ts'], reporters: [soakReporter] },
});
