import { defineConfig } from 'vitest/config';
import { fleetReporter } from './reporter.ts';

export default defineConfig({
  test: { root: '.', include: ['test/lab/reconnects/reconnects.lab.ts'], reporters: [fleetReporter] },
});
