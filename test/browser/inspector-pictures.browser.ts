import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeInChromium } from './chromium.ts';
import { activeIn, openStory, scrubInto, shownIn, startedAt } from './inspector/open.ts';

/** Where `npm run pictures` puts them; a test run alone keeps none. */
const folder = process.env['PICTURES'];

/** When the story's unit is without its broker. */
const outage = { from: startedAt + 11_500, to: startedAt + 13_000 };

describeInChromium('the pictures of the inspector', (browser) => {
  test.each(['light', 'dark'] as const)('show an outage, and what the link did in it, in %s', async (colorScheme) => {
    const { page, wrong } = await openStory(browser(), {
      colorScheme,
      reducedMotion: 'reduce',
      viewport: { width: 1_280, height: 800 },
    });
    const keep = async (name: string): Promise<void> => {
      const picture = await page.screenshot();
      if (folder === undefined) return;
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, `${name}-${colorScheme}.png`), picture);
    };
    await page.keyboard.press('2');
    await scrubInto(page, outage);
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
    expect((await shownIn(page)).outbox).toBeGreaterThan(0);
    await keep('timeline');
    await page.keyboard.press('3');
    expect(await activeIn(page)).toEqual(['mqtt/waiting', 'mqtt/waiting.soon']);
    await keep('machine');
    expect(wrong).toEqual([]);
  });
});
