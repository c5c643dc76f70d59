import { createRequire } from 'node:module';
import { createWebSocketInspector } from '@statelyai/inspect';
import type { Browser, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { seriousIn } from './inspector/axe.ts';
import { openInspector, startTestInspector } from './inspector/open.ts';

const elkFile = createRequire(import.meta.url).resolve('elkjs/lib/elk-worker.min.js');

/** The checkout of XState's examples, with a state whose name has a space. */
const checkout = createMachine({
  id: 'shop/checkout',
  initial: 'cart',
  states: {
    cart: { on: { 'checkout.start': 'address' } },
    address: {
      initial: 'editing',
      states: { editing: { on: { valid: 'checked' } }, checked: {} },
      on: { next: 'payment' },
    },
    payment: {
      initial: 'waiting for bank',
      on: { cancel: 'cart' },
      states: {
        'waiting for bank': { on: { paid: { target: '#thanks', guard: 'isEnough' }, declined: 'declined' } },
        declined: { on: { again: 'waiting for bank' } },
      },
    },
    done: { id: 'thanks', type: 'final' },
  },
}).provide({ guards: { isEnough: () => true } });

/** A page that shows an app of XState, which speaks over the stock inspector. */
const showCheckout = async (browser: Browser, layoutEngine?: string) => {
  const inspector = await startTestInspector({ layoutEngine });
  const { inspect, stop } = createWebSocketInspector({
    url: new URL('stately', inspector.url.replace('http:', 'ws:')).href,
  });
  onTestFinished(stop);
  const actor = createActor(checkout, { inspect }).start();
  const opened = await openInspector(browser, inspector);
  await opened.page.keyboard.press('3');
  return { actor, ...opened };
};

const activeIn = (page: Page): Promise<string[]> =>
  page
    .locator('.chart svg .state.active')
    .evaluateAll((all) => all.map((group) => group.getAttribute('data-state') ?? ''));

describeInChromium('a machine of another app', (browser) => {
  test('is drawn with its lines and what they say, where elkjs is installed', async () => {
    const { page, actor, wrong } = await showCheckout(browser(), elkFile);
    await page.locator('.chart svg').waitFor();
    const edges = page.locator('.chart svg g.edge');
    const keys = await edges.evaluateAll((all) => all.map((edge) => edge.getAttribute('data-edge') ?? ''));
    expect(keys.toSorted()).toEqual(
      [
        'cart>address',
        'address.editing>address.checked',
        'address>payment',
        'payment>cart',
        'payment.waiting for bank>done',
        'payment.waiting for bank>payment.declined',
        'payment.declined>payment.waiting for bank',
      ]
        .map((key) => `shop/checkout/${key}`)
        .toSorted(),
    );
    expect(await edges.evaluateAll((all) => all.every((edge) => edge.querySelector('path')?.getTotalLength()))).toBe(
      true,
    );
    expect((await page.locator('.chart svg g.edge text').allTextContents()).toSorted()).toEqual(
      ['again', 'cancel', 'checkout.start', 'declined', 'next', 'paid [isEnough]', 'valid'].toSorted(),
    );
    expect(await activeIn(page)).toEqual(['shop/checkout/cart']);
    actor.send({ type: 'checkout.start' });
    actor.send({ type: 'next' });
    await until(async () => (await activeIn(page)).length === 2);
    expect(await activeIn(page)).toEqual(['shop/checkout/payment', 'shop/checkout/payment.waiting for bank']);
    expect(await seriousIn(page)).toEqual([]);
    expect(wrong).toEqual([]);
  });

  test('is boxes in boxes without elkjs, which the page does not ask for then', async () => {
    const { page, wrong } = await showCheckout(browser());
    await page.locator('.chart .boxes').first().waitFor();
    expect(await page.locator('.chart svg').count()).toBe(0);
    expect(await page.locator('.chart .state.active > .state-name').allTextContents()).toEqual(['cart']);
    expect(wrong).toEqual([]);
  });

  test('is boxes in boxes where the layout fails', async () => {
    const { page } = await showCheckout(browser(), import.meta.filename);
    await page.locator('.chart .boxes').first().waitFor();
    await until(() => page.locator('.chart [data-layout=failed]').count());
    expect(await page.locator('.chart .state.active > .state-name').allTextContents()).toEqual(['cart']);
  });
});
