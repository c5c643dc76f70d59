import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { executable } from '../support/executable.ts';

/** The program that the variable `CHROMIUM` names, else the one of the PATH; `undefined` where there is none. */
const chromiumPath = process.env['CHROMIUM'] ?? executable('chromium');

const missing = 'Chromium is not installed, and the variable CHROMIUM names none';
const skips = chromiumPath === undefined && !process.env['CI'];

/**
 * A group of tests that need Chromium, which is started once for them: skipped with the reason in its name where there is
 * none, never so in CI.
 *
 * @param tests Gets what gives the running browser.
 */
export const describeInChromium = (name: string, tests: (browser: () => Browser) => void): void => {
  describe.skipIf(skips)(`${name}${skips ? ` (skipped: ${missing})` : ''}`, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      if (chromiumPath === undefined) throw new Error(`${missing}.`);
      // Its sandbox does not run as root; heap snapshots have long texts whole.
      browser = await chromium.launch({
        executablePath: chromiumPath,
        args: ['--no-sandbox', '--js-flags=--heap-snapshot-string-limit=1000000'],
      });
    });
    afterAll(() => browser?.close());
    tests(() => {
      if (!browser) throw new Error('Chromium runs only during the tests.');
      return browser;
    });
  });
};
