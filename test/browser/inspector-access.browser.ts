import { describe, expect, test } from 'vitest';
import { describeInChromium } from './chromium.ts';
import { seriousIn } from './inspector/axe.ts';
import { openStory } from './inspector/open.ts';

const views = ['Units', 'Timeline', 'Machine', 'Messages', 'Log', 'Conversation'];

describeInChromium('the inspector for everyone', (browser) => {
  test('is used by the keyboard alone', async () => {
    const { page, wrong } = await openStory(browser());
    const heading = () => page.locator('[role=tab][aria-selected=true]').textContent();
    for (const [index, view] of views.entries()) {
      await page.keyboard.press(String(index + 1));
      expect(await heading()).toContain(view);
    }
    await page.keyboard.press('2');
    await page.keyboard.press('Space');
    expect(await page.getByRole('button', { name: 'Live', exact: true }).last().getAttribute('aria-pressed')).toBe(
      'false',
    );
    await page.keyboard.press('Space');
    expect(await page.locator('button.live').getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('/');
    await page.keyboard.type('alarm');
    expect(await page.locator('.event-row .text').allTextContents()).toEqual(['lamp/alarm']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(wrong).toEqual([]);
  });

  test('goes from row to row of a list by the arrow keys', async () => {
    const { page } = await openStory(browser());
    await page.keyboard.press('4');
    const chosen = () => page.locator('.topic-row[aria-pressed=true] .topic').textContent();
    expect(await chosen()).toBe('lamp/state');
    await page.getByRole('list', { name: 'Topics' }).focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'Enter']) await page.keyboard.press(key);
    expect(await chosen()).toBe('lamp/set');
  });

  test('lets the focus reach every control of a view, and shows where it is', async () => {
    const { page } = await openStory(browser());
    await page.keyboard.press('2');
    const unseen: string[] = [];
    const reached = new Set<string>();
    for (let n = 0; n < 60; n += 1) {
      await page.keyboard.press('Tab');
      const { name, isSeen } = await page.evaluate(() => {
        const { activeElement: at } = document;
        const { outlineStyle, outlineWidth } = at ? getComputedStyle(at) : { outlineStyle: '', outlineWidth: '' };
        return {
          name: at?.getAttribute('aria-label') ?? at?.textContent ?? '',
          isSeen: outlineStyle !== 'none' && outlineWidth !== '0px',
        };
      });
      reached.add(name);
      if (!isSeen && name !== '') unseen.push(name);
    }
    expect([...reached]).toEqual(
      expect.arrayContaining([
        'Save',
        'Open',
        'Keys',
        'Timeline2',
        'Show a longer time',
        'Shown time',
        'Live',
        'Pause',
      ]),
    );
    expect(unseen.filter((name) => name !== '' && !name.includes('Inspector'))).toEqual([]);
  });

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    test.each(views)('%s has nothing serious for axe, and breaks no policy', async (view) => {
      const { page, wrong } = await openStory(browser(), { colorScheme });
      await page.keyboard.press(String(views.indexOf(view) + 1));
      for (let n = 0; n < 5; n += 1) await page.keyboard.press('ArrowLeft');
      expect(await seriousIn(page)).toEqual([]);
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      expect(await seriousIn(page)).toEqual([]);
      expect(wrong).toEqual([]);
    });

    test.each([1_280, 360])(
      'the end of each topic is seen, and the name of each machine whole, on %i px',
      async (width) => {
        const { page } = await openStory(browser(), { colorScheme, viewport: { width, height: 740 } });
        await page.keyboard.press(String(views.indexOf('Messages') + 1));
        const ends = page.locator('.topic-row .topic-end');
        await ends.first().waitFor();
        const overhangs = await ends.evaluateAll((all) =>
          all.map((end) => {
            const { right } = end.parentElement?.getBoundingClientRect() ?? { right: 0 };
            return end.getBoundingClientRect().right - right;
          }),
        );
        expect(Math.max(...overhangs)).toBeLessThanOrEqual(1);
        await page.keyboard.press(String(views.indexOf('Conversation') + 1));
        const heads = page.locator('.heads .head');
        await heads.first().waitFor();
        const clipped = await heads.evaluateAll((all) =>
          all.filter((head) => head.scrollWidth > head.clientWidth).map(({ textContent }) => textContent),
        );
        expect(clipped).toEqual([]);
      },
    );

    test('all machines of a unit stand side by side in the conversation', async () => {
      const { page } = await openStory(browser(), { colorScheme, viewport: { width: 1_280, height: 740 } });
      await page.keyboard.press(String(views.indexOf('Conversation') + 1));
      const hidden = await page.locator('.columns-frame').evaluate((frame) => frame.scrollWidth - frame.clientWidth);
      expect(hidden).toBe(0);
    });

    test('the chosen view and machine are seen whole on a phone', async () => {
      const { page } = await openStory(browser(), { colorScheme, viewport: { width: 360, height: 740 } });
      await page.keyboard.press(String(views.indexOf('Conversation') + 1));
      for (const chosen of ['[role=tab][aria-selected=true]', '.machines [aria-pressed=true]']) {
        const { left, right } = await page.locator(chosen).evaluate((one) => one.getBoundingClientRect());
        expect({ chosen, left: left >= 0, right: right <= 360 }).toEqual({ chosen, left: true, right: true });
      }
    });

    test('nothing is wider than a phone', async () => {
      const { page } = await openStory(browser(), { colorScheme, viewport: { width: 360, height: 740 } });
      const wide: string[] = [];
      for (const [index, view] of views.entries()) {
        await page.keyboard.press(String(index + 1));
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        if (width > 360) wide.push(`${view}: ${width}`);
      }
      expect(wide).toEqual([]);
    });
  });
});
