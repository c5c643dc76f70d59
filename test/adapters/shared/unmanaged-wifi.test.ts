import { expect, test } from 'vitest';
import { unmanagedWifi } from '../../../adapters/shared/unmanaged-wifi.ts';
import { wifiContract } from '../../contracts/wifi.ts';

wifiContract('unmanaged', async () => unmanagedWifi());

test('is always linked, also after leaving, and has nothing to scan or join', async () => {
  const wifi = unmanagedWifi();
  await wifi.leave();
  expect(await wifi.status()).toEqual({ linked: true, isUnmanaged: true });
  expect(await wifi.scan(new AbortController().signal)).toEqual([]);
  await expect(wifi.join('home', 'pass', new AbortController().signal)).rejects.toMatchObject({ code: 'unsupported' });
});
