import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { openPage } from './page.ts';
import { publish, startUnit, startWorld } from './unit-page.ts';

declare global {
  /** In a page: the texts that were encoded. */
  var encoded: string[];
}

const isConnected = (page: Page) => page.evaluate(() => unit.mqttClient.isConnected());

/** Keeps the texts that a page encodes from now on; the MQTT library has an encoder of its own. */
const recordEncoded = (page: Page) =>
  page.evaluate(() => {
    const { encodeInto } = TextEncoder.prototype;
    globalThis.encoded = [];
    TextEncoder.prototype.encodeInto = function (text, bytes) {
      encoded.push(text);
      return encodeInto.call(this, text, bytes);
    };
  });

describeInChromium('a unit in a page of Chromium', (browser) => {
  test.each([true, false])('publishes, receives, and comes back; with the fast path: %s', async (fastPath) => {
    const world = await startWorld();
    const { page, uncaught } = await openPage(browser());
    await recordEncoded(page);
    await startUnit(page, { ...world.setup, fastPath });

    expect(await publish(page, ['ноль'], 0)).toEqual(['delivered']);
    expect(await publish(page, ['one'], 1)).toEqual(['delivered']);
    await until(() => world.published().length === 2);
    expect(world.published()).toEqual(['ноль at QoS 0', 'one at QoS 1']);
    expect(await page.evaluate(() => encoded.includes('ноль'))).toBe(fastPath);

    await world.send(['привет'], 0);
    await world.send(['x'.repeat(100_000)], 1);
    await until(() => page.evaluate(() => received.length === 2));
    expect(await page.evaluate(() => received)).toEqual(['привет', 'x'.repeat(100_000)]);

    await world.stop();
    await until(async () => !(await isConnected(page)));
    expect(await publish(page, ['meanwhile'], 1)).toEqual(['queued']);
    await world.startAgain();
    await until(() => isConnected(page));
    await until(() => world.published().length === 1);
    expect(world.published()).toEqual(['meanwhile at QoS 1']);
    await world.send(['again'], 1);
    await until(() => page.evaluate(() => received.includes('again')));
    expect(await publish(page, ['afterwards'], 1)).toEqual(['delivered']);
    expect(uncaught).toEqual([]);
  });
});
