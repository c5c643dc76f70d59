import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import type { WireLine } from '../../app/inspector/wire.ts';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { addLines, openInspector, startTestInspector } from './inspector/open.ts';
import { story } from './inspector/story.ts';

const perSecond = 5_000;
const seconds = 30;
const batchEvery = 20;

/** Percentile of the frames' times, in milliseconds. */
const percentile = (times: readonly number[], share: number): number =>
  times.toSorted((one, other) => one - other)[Math.floor(times.length * share)] ?? 0;

const recordFrames = (page: Page) =>
  page.evaluate(() => {
    const frames: number[] = [];
    Object.assign(globalThis, { frames });
    let before = performance.now();
    const next = (now: number): void => {
      frames.push(now - before);
      before = now;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });

const framesOf = (page: Page) => page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames);

/** Bytes that a page's heap and its typed arrays hold after a collection. */
const heapOf = async (page: Page): Promise<number> => {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const usage = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usage.usedSize + usage.backingStorageSize;
};

const countsIn = (page: Page) =>
  page.evaluate(() => {
    const { lines, lost } = document.querySelector<HTMLElement>('[data-lost]')?.dataset ?? {};
    return { lines: Number(lines), lost: Number(lost) };
  });

const states = ['linked.connecting', 'waiting', 'offline', 'closing'];

const stepAt = (at: number, n: number): WireLine => [
  's',
  at,
  3,
  0,
  n % 2 === 0 ? 'link.opened' : { type: 'link.closed', reason: 'ECONNRESET' },
  states[n % states.length] ?? 'offline',
  { attempts: n },
  ['linked.connecting>waiting'],
];

describeInChromium('the inspector under load', (browser) => {
  test.each(['2', '3'])('counts all of 5,000 lines a second for 30 s, in view %s', async (view) => {
    const inspector = await startTestInspector();
    const begun = Date.now();
    const lines = story(begun - 20_000);
    addLines(inspector, 'lamp', lines);
    const { page, wrong } = await openInspector(browser(), inspector);
    await page.keyboard.press(view);
    await recordFrames(page);
    let sent = 0;
    const total = perSecond * seconds;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const due = Math.min(total, Math.floor(((Date.now() - begun) / 1_000) * perSecond));
        const steps = Array.from({ length: due - sent }, (_, n) => stepAt(20_000 + Date.now() - begun, sent + n));
        sent = due;
        addLines(inspector, 'lamp', steps);
        if (sent < total) return;
        clearInterval(timer);
        resolve();
      }, batchEvery);
    });
    const expected = lines.length + total;
    await until(async () => {
      const counts = await countsIn(page);
      return counts.lines + counts.lost === expected;
    });
    const frames = await framesOf(page);
    const [p50, p95] = [percentile(frames, 0.5), percentile(frames, 0.95)].map((ms) => ms.toFixed(1));
    const heap = ((await heapOf(page)) / 1_000_000).toFixed(1);
    const { lost } = await countsIn(page);
    console.log(
      `view ${view}: frames p50 ${p50} ms, p95 ${p95} ms (target 34); heap ${heap} MB (target 80); ${lost} of ${total} lost`,
    );
    expect(wrong).toEqual([]);
  });
});
