import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { openPage } from './page.ts';
import { publish, startUnit, startWorld } from './unit-page.ts';

/** Passes what a page sends on to a broker, and what the broker sends on to the page in pieces of so many bytes. */
const startCutter = async (broker: string, bytes: number): Promise<string> => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'mqtt' });
  server.on('connection', (page) => {
    const line = new WebSocket(broker, 'mqtt');
    const early: Buffer[] = [];
    page.on('message', (data: Buffer) => (line.readyState === WebSocket.OPEN ? line.send(data) : early.push(data)));
    line.on('open', () => early.forEach((data) => line.send(data)));
    line.on('message', (data: Buffer) => {
      for (let at = 0; at < data.length; at += bytes) page.send(data.subarray(at, at + bytes));
    });
    page.on('close', () => line.close());
    line.on('close', () => page.close());
  });
  onTestFinished(() => {
    for (const page of server.clients) page.terminate();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mqtt`;
};

const texts = ['', 'x', 'привет', 'y'.repeat(127), 'z'.repeat(130), '😀'.repeat(100), 'long '.repeat(4000)];

describeInChromium('a unit in a page of Chromium, over a line that cuts packets', (browser) => {
  test.each([
    [true, 1],
    [true, 2],
    [true, 1000],
    [false, 1],
  ])('gets every message as a whole; with the fast path: %s, %i bytes at a time (M5)', async (fastPath, bytes) => {
    const { setup, send, published } = await startWorld();
    const { page, uncaught } = await openPage(browser());
    await startUnit(page, { ...setup, broker: await startCutter(setup.broker, bytes), fastPath });
    for (const qos of [0, 1, 2] as const) await send(texts, qos);
    await until(() => page.evaluate((all) => received.length === all, 3 * texts.length));
    expect(await page.evaluate(() => received)).toEqual([...texts, ...texts, ...texts]);
    expect(await publish(page, ['one', 'two'], 1)).toEqual(['delivered', 'delivered']);
    expect(published()).toEqual(['one at QoS 1', 'two at QoS 1']);
    expect(uncaught).toEqual([]);
  });
});
