import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { browserWifi } from '../../../adapters/browser/wifi.ts';
import { wifiContract } from '../../contracts/wifi.ts';

let page: EventTarget;

beforeEach(() => {
  page = new EventTarget();
  vi.stubGlobal('navigator', { onLine: true });
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
});
afterEach(() => void vi.unstubAllGlobals());

wifiContract('browser', async () => browserWifi());

test('is linked while the browser is online, and tells when that changes, until watching ends', async () => {
  const wifi = browserWifi();
  const seen: unknown[] = [];
  const stop = wifi.watch((status) => seen.push(status));
  expect(await wifi.status()).toEqual({ linked: true, isUnmanaged: true });
  page.dispatchEvent(new Event('offline'));
  vi.stubGlobal('navigator', { onLine: false });
  expect(await wifi.status()).toEqual({ linked: false, isUnmanaged: true });
  page.dispatchEvent(new Event('online'));
  stop();
  page.dispatchEvent(new Event('offline'));
  expect(seen).toEqual([{ linked: false }, { linked: true }]);
});
