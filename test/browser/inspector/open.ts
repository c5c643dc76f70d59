import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { startInspector, type Inspector, type InspectorOptions } from '../../../app/inspector/server/server.ts';
import type { WireLine } from '../../../app/inspector/wire.ts';
import type { CliRun } from '../../support/cli.ts';
import { openContext } from '../context.ts';
import { until } from '../../support/until.ts';
import { story } from './story.ts';

const pageFolder = join(import.meta.dirname, '../../../dist/inspector');

/** Starts an inspector with the page that was built; it is gone after the test. */
export const startTestInspector = async (
  options: Pick<InspectorOptions, 'isControlled' | 'layoutEngine'> = {},
): Promise<Inspector> => {
  const inspector = await startInspector({ pageFolder, version: 'test', ...options });
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
  { url }: Pick<Inspector, 'url'>,
  options: BrowserContextOptions = {},
): Promise<InspectorPage> => {
  const context = await openContext(browser, { viewport: { width: 1_280, height: 860 }, ...options });
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

/** What a page shows: state values are JSON, by the machines' paths. */
export interface Shown {
  readonly time: number;
  readonly outbox: number;
  readonly lost: number;
  readonly values: Readonly<Record<string, string>>;
}

/** The states of all machines, the shown time and the outbox's depth, as the page has them. */
export const shownIn = (page: Page): Promise<Shown> =>
  page.evaluate(() => ({
    time: Number(document.querySelector<HTMLElement>('[data-time]')?.dataset['time']),
    outbox: Number(document.querySelector<HTMLElement>('[data-outbox]')?.dataset['outbox']),
    lost: Number(document.querySelector<HTMLElement>('[data-lost]')?.dataset['lost']),
    values: Object.fromEntries(
      [...document.querySelectorAll<HTMLElement>('[data-actor]')].map(({ dataset }) => [
        dataset['actor'],
        dataset['value'] ?? '',
      ]),
    ),
  }));

/** The chart's active states. */
export const activeIn = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('.chart .state.active')].map((group) => group.getAttribute('data-state') ?? ''),
  );

/** The address that a command prints of its inspector. */
export const urlOf = async ({ stdout, stderr }: CliRun): Promise<string> => {
  const [url] = await until(
    () => /http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/(?=["\n])/.exec(stdout() + stderr()) ?? undefined,
  );
  return url;
};

/**
 * Moves the shown time by a press on the track.
 *
 * @param stretch The time may be any between the two, in Unix milliseconds, but for a margin at both.
 */
export const scrubInto = async (
  page: Page,
  { from, to }: { readonly from: number; readonly to: number },
  margin = 0,
): Promise<number> => {
  const track = page.getByRole('slider', { name: 'Shown time' });
  await track.focus();
  await page.keyboard.press('Home');
  const { time: first } = await shownIn(page);
  return until(async () => {
    const { left, top, width, length } = await track.evaluate((element) => {
      const { left: x, top: y, width: w } = element.getBoundingClientRect();
      return { left: x, top: y, width: w, length: Number(element.getAttribute('aria-valuemax')) };
    });
    await page.mouse.click(left + (((from + to) / 2 - first) / length) * width, top + 5);
    const { time } = await shownIn(page);
    return time >= from + margin && time <= to - margin ? time : undefined;
  });
};

/** When the story starts: so that it ends about now, as what comes live does. */
export const startedAt = Date.now() - 25_000;

/** Opens a page that shows the story to its end. */
export const openStory = async (browser: Browser, options: BrowserContextOptions = {}) => {
  const inspector = await startTestInspector();
  addLines(inspector, 'lamp', story(startedAt));
  const opened = await openInspector(browser, inspector, options);
  await until(async () => (await shownIn(opened.page)).values['unit/update'] === '"downloading"');
  return { inspector, ...opened };
};
