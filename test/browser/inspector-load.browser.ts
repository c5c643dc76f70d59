import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import type { WireLine } from '../../app/inspector/wire.ts';
import { startNode } from '../support/cli.ts';
import { createSupervisedUnit, createYard, type Yard } from '../support/supervised-unit.ts';
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

/** Publishes as many messages a second for a while, a line each, and says what went out, and what it cost. */
const busy = `
client.on('online', async () => {
  const begun = performance.now();
  const cpu = process.cpuUsage();
  const past = () => performance.now() - begun;
  let sent = 0;
  while (past() < ${seconds * 1_000}) {
    const due = Math.floor((past() / 1_000) * ${perSecond});
    for (; sent < due; sent += 1) void client.mqttClient.publish(client.schema.outputTopic['output/pepeunit'][0], 'темп. ' + sent);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { sent: published } = client.metrics().outbox;
  const { user, system } = process.cpuUsage(cpu);
  say({ said: 'busy', reason: JSON.stringify({ rate: (published / past()) * 1_000, cpu: (user + system) / published }) });
});
`;

interface Busy {
  readonly rate: number;
  /** Microseconds a message. */
  readonly cpu: number;
}

/** Lets a unit publish, shown by the inspector of an address if there is one. */
const measureBusy = async (yard: Yard, name: string, inspector?: string): Promise<Busy> => {
  const unit = await createSupervisedUnit(yard, name, {
    label: name,
    before: busy,
    options: 'outbox: { rate: false },',
  });
  const shown = inspector === undefined ? [] : ['--import', 'pepeunit-client/inspect'];
  const env = inspector === undefined ? {} : { PEPEUNIT_INSPECTOR: inspector };
  unit.adopt(startNode([...shown, join(unit.folder, 'main.js')], { cwd: unit.folder, env }));
  onTestFinished(() => unit.stop());
  const told = () => unit.said().find(({ said }) => said === 'busy')?.reason;
  await unit.waitFor('it has published', () => told() !== undefined, 150_000);
  return JSON.parse(told() ?? '') as Busy;
};

describeInChromium('the inspector under load', (browser) => {
  test('shows or counts all that a unit of 5,000 lines a second records, and leaves it its rate', async () => {
    const yard = await createYard();
    onTestFinished(() => yard.stop());
    const off = await measureBusy(yard, 'unseen');
    const inspector = await startTestInspector();
    const opening = openInspector(browser(), inspector);
    const on = await measureBusy(yard, 'seen', inspector.url);
    const { page, wrong } = await opening;
    const [source] = inspector.sources.all();
    await until(async () => {
      const { lines, lost } = await countsIn(page);
      return lines > perSecond && lines + lost === source?.ring.next;
    });
    const { lost } = await countsIn(page);
    const ratio = (on.rate / off.rate).toFixed(3);
    console.log(
      `a unit of ${perSecond} messages a second: ${ratio} of its rate without inspection (target 0.97), ` +
        `CPU of a message ${off.cpu.toFixed(0)} and ${on.cpu.toFixed(0)} µs; ${lost} of ${source?.ring.next} lines lost`,
    );
    expect(wrong).toEqual([]);
  });

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
