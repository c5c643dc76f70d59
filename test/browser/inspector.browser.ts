import { readFile } from 'node:fs/promises';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { createReplay, type Replay } from '../../app/inspector/replay.ts';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { activeIn, addLines, openInspector, shownIn, startTestInspector } from './inspector/open.ts';
import { story } from './inspector/story.ts';

const views = ['Units', 'Timeline', 'Machine', 'Messages', 'Log', 'Conversation'];

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe finds that is serious or worse; it is run beside the page's policy, not by it. */
const seriousIn = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } };
    return (await checker.run()).violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ html }) => ({ html })),
    }));
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
};

/** So that the story ends about now, as what comes live does. */
const startedAt = Date.now() - 25_000;

const readerOf = (source: string): Replay => {
  const replay = createReplay();
  replay.read([['#', source, 0, 0], ...story(startedAt)].map((line) => JSON.stringify(line)).join('\n'));
  return replay;
};

/** What a reader of the same lines says of a time. */
const expectedAt = (replay: Replay, time: number) => {
  const moment = replay.at('lamp', time);
  const { actors = [] } = replay.sources.get('lamp') ?? {};
  return {
    time,
    outbox: moment?.figures.outbox ?? 0,
    lost: 0,
    values: Object.fromEntries(
      [...(moment?.actors.values() ?? [])].map(({ actor, value }) => [actors[actor]?.path, value]),
    ),
  };
};

describeInChromium('the inspector in a page of Chromium', (browser) => {
  const openStory = async (options = {}) => {
    const inspector = await startTestInspector();
    addLines(inspector, 'lamp', story(startedAt));
    const opened = await openInspector(browser(), inspector, options);
    await until(async () => (await shownIn(opened.page)).values['unit/update'] === '"downloading"');
    return { inspector, ...opened };
  };

  test('shows at each moment what the lines say, on the whole way back and on again', async () => {
    const { page, wrong } = await openStory();
    const replay = readerOf('lamp');
    const seen: unknown[] = [];
    const expected: unknown[] = [];
    for (let n = 0; n < 30; n += 1) {
      for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
      const shown = await shownIn(page);
      seen.push(shown);
      expected.push(expectedAt(replay, shown.time));
    }
    expect(seen).toEqual(expected);
    await page.keyboard.press('Escape');
    expect((await shownIn(page)).values).toEqual(expectedAt(replay, Number.MAX_SAFE_INTEGER).values);
    expect(wrong).toEqual([]);
  });

  test('shows the outage when it is gone back into: the chart, the outbox, and the transition that was taken', async () => {
    const { page, wrong } = await openStory();
    await page.keyboard.press('3');
    await page.locator('[data-actor="unit/mqtt"]').click();
    const slider = page.getByRole('slider', { name: 'Shown time' });
    await slider.focus();
    await page.keyboard.press('Home');
    await until(async () => {
      await page.keyboard.press('ArrowRight');
      return (await shownIn(page)).outbox === 6;
    });
    expect((await shownIn(page)).values['unit/mqtt']).toBe('{"waiting":"soon"}');
    expect(await activeIn(page)).toEqual(['mqtt/waiting', 'mqtt/waiting.soon']);
    expect(await page.locator('.chart .edge.fired').getAttribute('data-edge')).toBe('mqtt/linked.open>waiting.soon');
    await page.keyboard.press('Escape');
    expect((await shownIn(page)).outbox).toBe(0);
    expect(wrong).toEqual([]);
  });

  test('is used by the keyboard alone', async () => {
    const { page, wrong } = await openStory();
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

  test('lets the focus reach every control of a view, and shows where it is', async () => {
    const { page } = await openStory();
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
      const { page, wrong } = await openStory({ colorScheme });
      await page.keyboard.press(String(views.indexOf(view) + 1));
      for (let n = 0; n < 5; n += 1) await page.keyboard.press('ArrowLeft');
      expect(await seriousIn(page)).toEqual([]);
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      expect(await seriousIn(page)).toEqual([]);
      expect(wrong).toEqual([]);
    });

    test('nothing is wider than a phone', async () => {
      const { page } = await openStory({ colorScheme, viewport: { width: 360, height: 740 } });
      const wide: string[] = [];
      for (const [index, view] of views.entries()) {
        await page.keyboard.press(String(index + 1));
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        if (width > 360) wide.push(`${view}: ${width}`);
      }
      expect(wide).toEqual([]);
    });
  });

  test('shows a file as it has shown the unit', async () => {
    const { inspector, page, wrong } = await openStory();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Save' }).click();
    const file = await (await download).path();
    const moments = async () => {
      const shown: unknown[] = [];
      await page.keyboard.press('End');
      for (let n = 0; n < 10; n += 1) {
        for (let back = 0; back < 9; back += 1) await page.keyboard.press('ArrowLeft');
        shown.push(await shownIn(page));
      }
      return shown;
    };
    const live = await moments();
    await inspector.stop();
    await page.getByRole('status').filter({ hasText: 'away' }).waitFor();
    await page
      .getByLabel('Recording')
      .setInputFiles({ name: 'night.ndjson', mimeType: '', buffer: await readFile(file) });
    await page.getByRole('status').filter({ hasText: 'night.ndjson' }).waitFor();
    expect(await moments()).toEqual(live);
    expect(wrong.filter((one) => !one.includes('WebSocket'))).toEqual([]);
  });

  test('tells units apart, and since when one is offline', async () => {
    const inspector = await startTestInspector();
    for (const name of ['lamp', 'fan', 'lock']) addLines(inspector, name, story(startedAt, name));
    addLines(inspector, 'fan', [['end', 60_000, 'The link to the unit has ended.']]);
    const { page } = await openInspector(browser(), inspector);
    await page.keyboard.press('1');
    const states = page.locator('.unit .unit-state');
    await until(async () => (await states.count()) === 3);
    expect(await states.allTextContents()).toEqual([
      expect.stringMatching(/^online for/),
      expect.stringMatching(/^ended for .*The link to the unit has ended\./),
      expect.stringMatching(/^online for/),
    ]);
    await page.getByLabel('Unit', { exact: true }).selectOption('fan');
    expect((await shownIn(page)).time).toBe(startedAt + 60_000);
  });

  test('counts what was lost on the way', async () => {
    const { inspector, page } = await openStory();
    addLines(inspector, 'lamp', [['l', 20_000, 'Info', 'after a gap']], 17);
    await until(async () => (await shownIn(page)).lost === 17);
    expect(await page.locator('.loss').textContent()).toBe('17 lines lost');
  });

  test('sends only where the inspector takes it', async () => {
    const shows = await openStory();
    await shows.page.keyboard.press('3');
    expect(await shows.page.getByRole('button', { name: 'Send' }).count()).toBe(0);
    const inspector = await startTestInspector(true);
    addLines(inspector, 'lamp', story(startedAt));
    const asked: unknown[] = [];
    inspector.sources.connect('lamp', 'one', (request) => asked.push(request));
    const { page } = await openInspector(browser(), inspector);
    await page.keyboard.press('3');
    await page.getByLabel('Event', { exact: true }).fill('mqtt.disconnect');
    await page.getByLabel('Fields, as JSON').fill('{"soon":true}');
    await page.getByRole('button', { name: 'Send' }).click();
    await until(() => asked.length === 1);
    expect(asked).toEqual([['do', 1, 'lamp', { send: { type: 'mqtt.disconnect', soon: true }, to: 3 }]]);
  });
});
