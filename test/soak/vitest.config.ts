import { defineConfig } from 'vitest/config';
import { soakReporter } from './soak-reporter.ts';

export default defineConfig({
  test: { root: '.', include: ['test/soak/soak.lab.ts'], reporters: [soakReporter] },
});
