import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { startCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { timePacket } from '../support/time-packet.ts';
import { timeServer } from '../support/time-server.ts';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { activeIn, openInspector, shownIn, urlOf } from './inspector/open.ts';

/** Where `npm run pictures` puts them; a test run alone keeps none. */
const folder = process.env['PICTURES'];

const keep = async (page: Page, name: string): Promise<void> => {
  const picture = await page.screenshot();
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), picture);
};

const ownTime = pathToFileURL(join(import.meta.dirname, '../pictures/own-time.mjs')).href;

/** Plays the demo to its end, where it goes on; it needs no time server of the internet. @returns Its inspector's address. */
const playDemo = async (): Promise<string> => {
  const { port } = await timeServer((request, reply) =>
    reply(timePacket(request, { receivedMs: Date.now(), sentMs: Date.now() })),
  );
  const env = {
    TMPDIR: await temporaryFolder(),
    NODE_OPTIONS: `--import ${ownTime}`,
    OWN_TIME_PORT: String(port),
  };
  const demo = startCli(['demo'], { env });
  onTestFinished(async () => {
    demo.child.kill('SIGTERM');
    await demo.ended;
  });
  await until(() => demo.stdout().includes('The script is done.'), { what: 'the end of the script' });
  return urlOf(demo);
};

const update = 'unit/update';

/** Goes back to when the program of the version that is rolled back was put in place. */
const goToSwap = (page: Page): Promise<true> =>
  until(async () => {
    await page.keyboard.press('ArrowLeft');
    return (await shownIn(page)).values[update] === '"swapping"' || undefined;
  });

describeInChromium('the pictures of the inspector', (browser) => {
  test('show an update of the demo, and its machine while it swaps the program', async () => {
    const url = await playDemo();
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, wrong } = await openInspector(
        browser(),
        { url },
        { colorScheme, reducedMotion: 'reduce', viewport: { width: 1_280, height: 800 } },
      );
      await page.getByLabel('Unit', { exact: true }).selectOption({ label: 'fan' });
      await page.locator(`[data-actor="${update}"]`).click();
      await goToSwap(page);
      await page.mouse.move(0, 0);
      await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
      await keep(page, `timeline-${colorScheme}.png`);
      await page.keyboard.press('3');
      expect(await activeIn(page)).toEqual(['update/swapping']);
      await keep(page, `machine-${colorScheme}.png`);
      expect(wrong).toEqual([]);
    }
  });
});
