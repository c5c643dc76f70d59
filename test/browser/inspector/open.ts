import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { startInspector, type Inspector } from '../../../app/inspector/server.ts';
import type { WireLine } from '../../../app/inspector/wire.ts';

const pageFolder = join(import.meta.dirname, '../../../dist/inspector');

/** Starts an inspector with the page that was built; it is gone after the test. */
export const startTestInspector = async (isControlled = false): Promise<Inspector> => {
  const inspector = await startInspector({ pageFolder, version: 'test', isControlled });
  onTestFinished(() => inspector.stop());
  return inspector;
};

export const addLines = ({ sources }: Inspector, source: string, lines: readonly WireLine[], lost = 0): void => {
  sources.add(
    source,
    lost,
    lines.map((line) => JSON.stringify(line)),
  );
};

/** An inspector's page, and what went wrong in it. */
export interface InspectorPage {
  readonly page: Page;
  /** Uncaught errors, what the console says is wrong, breaches of the page's policy, and requests that leave this machine. */
  readonly wrong: readonly string[];
}

/** Opens the page of an inspector in a profile of its own, and waits until it shows a machine. */
export const openInspector = async (
  browser: Browser,
  { url }: Inspector,
  options: BrowserContextOptions = {},
): Promise<InspectorPage> => {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 860 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
  });
  page.on('request', (request) => {
    if (!['127.0.0.1', ''].includes(new URL(request.url()).hostname)) wrong.push(`request to ${request.url()}`);
  });
  await page.exposeFunction('breach', (what: string) => wrong.push(what));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      (globalThis as unknown as { breach: (what: string) => void }).breach(`${violatedDirective} of ${blockedURI}`);
    });
  });
  await page.goto(url);
  await page.locator('[data-actor]').first().waitFor();
  return { page, wrong };
};

/** The states of all machines, the shown time and the outbox's depth, as the page has them. */
export const shownIn = (page: Page) =>
  page.evaluate(() => ({
    time: Number(document.querySelector<HTMLElement>('[data-time]')?.dataset['time']),
    outbox: Number(document.querySelector<HTMLElement>('[data-outbox]')?.dataset['outbox']),
    lost: Number(document.querySelector<HTMLElement>('[data-lost]')?.dataset['lost']),
    values: Object.fromEntries(
      [...document.querySelectorAll<HTMLElement>('[data-actor]')].map(({ dataset }) => [
        dataset['actor'],
        dataset['value'],
      ]),
    ),
  }));

/** The chart's active states. */
export const activeIn = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('.chart .state.active')].map((group) => group.getAttribute('data-state') ?? ''),
  );
