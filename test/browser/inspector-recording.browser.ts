import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { startCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { describeInChromium } from './chromium.ts';
import { openInspector, openStory, urlOf } from './inspector/open.ts';
import { story } from './inspector/story.ts';

const name = 'ночь у моря 🌙.ndjson';
/** Long before the page is opened. */
const began = Date.UTC(2024, 10, 29, 10, 29, 4);

/** A recording of the story, as a file has it. */
const recording = [['#', 'lamp', 0, 0], ...story(began)].map((line) => JSON.stringify(line)).join('\n');

/** What the page says of itself, and of the unit. */
const saysIn = async (page: Page) => {
  await page.keyboard.press('1');
  return {
    status: await page.getByRole('status').textContent(),
    time: await page.getByRole('contentinfo', { name: 'Time' }).getByRole('button').allTextContents(),
    unit: await page.locator('.unit .unit-state').textContent(),
    seen: await page.locator('.unit .figures').textContent(),
  };
};

const asRecording = {
  status: `recording ${name}, 29 Nov 2024, 10:29:04 to 10:29:20`,
  time: ['‹', '›', 'To the end'],
  unit: expect.stringMatching(/^online for \d+(\.\d)? s/) as unknown,
  seen: expect.stringContaining('Last seennow') as unknown,
};

describeInChromium('a recording in the inspector', (browser) => {
  test('says of itself that it is one, whose and of when, and never that it is live', async () => {
    const file = join(await temporaryFolder(), name);
    await writeFile(file, recording);
    const inspect = startCli(['inspect', file]);
    onTestFinished(() => void inspect.child.kill('SIGKILL'));
    const { page, wrong } = await openInspector(
      browser(),
      { url: await urlOf(inspect) },
      { timezoneId: 'UTC', colorScheme: 'dark' },
    );
    expect(await saysIn(page)).toEqual(asRecording);
    expect(await page.getByText(/\blive\b/i).count()).toBe(0);
    expect(wrong).toEqual([]);
  });

  test('that is opened in a page says so too, and leads back to what is live', async () => {
    const { page, wrong } = await openStory(browser(), { timezoneId: 'UTC' });
    expect(await page.getByRole('status').textContent()).toBe('live');
    await page.getByLabel('Recording').setInputFiles({ name, mimeType: '', buffer: Buffer.from(recording) });
    await page.getByRole('status').filter({ hasText: name }).waitFor();
    expect(await saysIn(page)).toEqual(asRecording);
    await page.getByRole('button', { name: 'Back to live' }).click();
    await page
      .getByRole('status')
      .filter({ hasText: /^live$/ })
      .waitFor();
    expect(await page.getByRole('button', { name: 'Live', exact: true }).count()).toBe(1);
    await page.keyboard.press('Space');
    await page
      .getByRole('status')
      .filter({ hasText: /^live, paused$/ })
      .waitFor();
    expect(wrong).toEqual([]);
  });
});
