import { createActor, toPromise } from 'xstate';
import { expect, test } from 'vitest';
import { memoryWifi } from '../../adapters/memory/wifi.ts';
import { joinWifi } from '../../services/wifi.ts';

test('joins with the password in force, also when the station is in that network with an older one', async () => {
  const wifi = memoryWifi({ networks: { home: 'new' }, linkedTo: 'home' });
  let password = 'old';
  const join = () =>
    toPromise(createActor(joinWifi({ wifi, wifiPassword: () => password }), { input: { ssid: 'home' } }).start());
  await expect(join()).rejects.toMatchObject({ code: 'credentials' });
  expect(await wifi.status()).toEqual({ linked: false });
  password = 'new';
  await join();
  expect(await wifi.status()).toEqual({ linked: true, ssid: 'home' });
});
