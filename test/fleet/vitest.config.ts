import { defineConfig } from 'vitest/config';
import { fleetReporter } from './fleet-reporter.ts';

export default defineConfig({
  test: { root: '.', include: ['test/fleet/fleet.lab.ts'], reporters: [fleetReporter] },
});
