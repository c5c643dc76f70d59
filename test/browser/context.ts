import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** Only what hangs fails by it: a busy machine is no fault. */
const patienceMs = 150_000;

/** Creates a profile that is gone after the test. */
export const openContext = async (browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> => {
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  context.setDefaultTimeout(patienceMs);
  return context;
};
