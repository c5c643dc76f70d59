import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { openPage } from './page.ts';
import { startUnit, startWorld } from './unit-page.ts';

declare global {
  /** In a page: lets its handler go on. */
  var letGo: () => void;
}

const count = 9000;

describeInChromium('a slow handler in a page of Chromium', (browser) => {
  test.each([
    [true, 0],
    [true, 1],
    [false, 0],
    [false, 1],
  ] as const)(
    'loses nothing of a burst that the link pauses for; with the fast path: %s, at QoS %i (M5)',
    async (fastPath, qos) => {
      const world = await startWorld();
      const { page, uncaught } = await openPage(browser());
      await startUnit(page, { ...world.setup, fastPath });
      await page.evaluate(() => {
        const gate = new Promise<void>((resolve) => {
          globalThis.letGo = resolve;
        });
        unit.mqttClient.setInputHandler(async (message) => {
          await gate;
          received.push(message.text());
        });
      });
      const texts = Array.from({ length: count }, (_, index) => String(index).padEnd(1024));
      const sending = world.send(texts, qos);
      // At once, as the link pauses for so long and no longer.
      const atPause = await page.waitForFunction(() => {
        if (unit.metrics().inbox.pauses === 0) return undefined;
        globalThis.letGo();
        return { received: received.length };
      });
      expect(await atPause.jsonValue()).toEqual({ received: 0 });
      await sending;
      await until(() => page.evaluate((all) => received.length === all, count));
      expect(await page.evaluate(() => received.map((text) => text.trim()))).toEqual(texts.map((text) => text.trim()));
      expect(await page.evaluate(() => unit.metrics().inbox)).toMatchObject({
        received: count,
        dropped: 0,
        waiting: 0,
      });
      expect(uncaught).toEqual([]);
    },
  );
});
