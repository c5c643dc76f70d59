import { defineConfig } from 'vitest/config';
import { installed } from '../support/installed.ts';

/** Tests of the package in real pages: `npm run test:browser`. */
export default defineConfig({
  ssr: installed,
  test: {
    root: '.',
    include: ['test/browser/**/*.browser.ts'],
    // Only what hangs fails by these.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Shows why something was skipped.
    reporters: ['verbose'],
    globalSetup: 'test/support/canary/suite.ts',
  },
});
