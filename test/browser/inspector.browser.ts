import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createReplay, type Replay } from '../../app/inspector/replay.ts';
import type { WireLine } from '../../app/inspector/wire.ts';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { seriousIn } from './inspector/axe.ts';
import {
  activeIn,
  addLines,
  openInspector,
  openStory,
  shownIn,
  startedAt,
  startTestInspector,
} from './inspector/open.ts';
import { story } from './inspector/story.ts';

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
  test('shows at each moment what the lines say, on the whole way back and on again', async () => {
    const { page, wrong } = await openStory(browser());
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
    const { page, wrong } = await openStory(browser());
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

  test('shows any machine that has a chart, as boxes where it has no layout', async () => {
    const inspector = await startTestInspector({ isControlled: true });
    const states = {
      green: { on: { TIMER: 'red' } },
      red: { initial: 'walk', states: { walk: { on: { PED: 'wait' } }, wait: {} } },
    };
    addLines(inspector, 'light', [
      ['run', { v: 1, unit: 'light', name: 'light', startedAt }],
      ['chart', 't', 'light', { id: 'light', initial: 'green', states }],
      ['actor', 0, 0, 'light', -1, 't'],
      ['s', 1, 0, -1, 'xstate.init', 'green', { elapsed: 0 }],
      ['s', 9, 0, -1, 'TIMER', { red: 'walk' }, 0, ['green>red']],
    ]);
    const { page, wrong } = await openInspector(browser(), inspector);
    await page.keyboard.press('3');
    expect(await page.locator('.chart .state.active > .state-name').allTextContents()).toEqual(['red', 'walk']);
    expect(await page.locator('.chart .exits .fired').allTextContents()).toEqual(['TIMER → red']);
    expect(await seriousIn(page)).toEqual([]);
    expect(wrong).toEqual([]);
  });

  test('shows a file as it has shown the unit', async () => {
    const { inspector, page, wrong } = await openStory(browser());
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
    addLines(inspector, 'fan', [['end', 24_000, 'The link to the unit has ended.']]);
    const { page } = await openInspector(browser(), inspector);
    await page.keyboard.press('1');
    const states = page.locator('.unit .unit-state');
    // The end of the fan comes last of all.
    await until(async () => (await states.allTextContents())[1]?.startsWith('ended') === true);
    expect(await states.allTextContents()).toEqual([
      expect.stringMatching(/^online for/),
      expect.stringMatching(/^ended for .*The link to the unit has ended\./),
      expect.stringMatching(/^online for/),
    ]);
    await page.getByLabel('Unit', { exact: true }).selectOption('fan');
    expect((await shownIn(page)).time).toBe(startedAt + 24_000);
  });

  test('tells processes that run as one unit apart, and says that they do', async () => {
    const inspector = await startTestInspector();
    const second = story(startedAt).map((line): WireLine =>
      line[0] === 'run' ? ['run', { ...line[1], pid: 8 }] : line,
    );
    addLines(inspector, 'uuid-of-lamp', story(startedAt));
    addLines(inspector, 'uuid-of-lamp~2', second);
    const { page } = await openInspector(browser(), inspector);
    await page.keyboard.press('1');
    await until(async () => (await page.locator('.unit').count()) === 2);
    const picker = page.getByLabel('Unit', { exact: true });
    expect(await picker.locator('option').allTextContents()).toEqual(['lamp, process 7', 'lamp, process 8']);
    const doubles = page.locator('.unit .double');
    expect(await doubles.allTextContents()).toEqual([
      'Process 8 runs as this unit too, with the same UUID.',
      'Process 7 runs as this unit too, with the same UUID.',
    ]);
    addLines(inspector, 'uuid-of-lamp~2', [['end', 24_000, 'The link to the unit has ended.']]);
    await until(async () => (await doubles.count()) === 0);
  });

  test('counts what was lost on the way', async () => {
    const { inspector, page } = await openStory(browser());
    addLines(inspector, 'lamp', [['l', 20_000, 'Info', 'after a gap']], 17);
    await until(async () => (await shownIn(page)).lost === 17);
    expect(await page.locator('.loss').textContent()).toBe('17 lines lost');
  });

  test('sends only where the inspector takes it', async () => {
    const shows = await openStory(browser());
    await shows.page.keyboard.press('3');
    expect(await shows.page.getByRole('button', { name: 'Send' }).count()).toBe(0);
    const inspector = await startTestInspector({ isControlled: true });
    addLines(inspector, 'lamp', story(startedAt));
    const asked: unknown[] = [];
    inspector.sources.connect('lamp', { recording: 'one' }, (request) => asked.push(request));
    const { page } = await openInspector(browser(), inspector);
    await page.keyboard.press('3');
    await page.getByLabel('Event', { exact: true }).fill('mqtt.disconnect');
    await page.getByLabel('Fields, as JSON').fill('{"soon":true}');
    await page.getByRole('button', { name: 'Send' }).click();
    await until(() => asked.length === 1);
    expect(asked).toEqual([['do', 1, 'lamp', { send: { type: 'mqtt.disconnect', soon: true }, to: 3 }]]);
  });
});
