import { expect, test } from 'vitest';
import { unmanagedWifi } from '../../../adapters/shared/unmanaged-wifi.ts';
import { memoryWifi } from '../../../adapters/memory/wifi.ts';
import { WifiError } from '../../../services/errors.ts';
import { createTestUnit } from '../../../app/testing.ts';
import { settle, until } from '../../support/until.ts';

const env = { PUC_WIFI_SSID: 'home', PUC_WIFI_PASS: 'secret password' };

const passMinutes = async (clock: { advance(ms: number): void }, minutes: number): Promise<void> => {
  for (let second = 0; second < minutes * 60; second += 5) {
    clock.advance(5_000);
    await settle();
  }
};

test('the WiFi manager on a host that manages its network itself: online, with one warning (L7)', async () => {
  const { client, world } = createTestUnit({ env, ffWifiManagerEnable: true, adapters: { wifi: unmanagedWifi() } });
  await client.wifiManager.connectForever();
  expect(client.wifiManager.connectionState).toBe('unmanaged');
  await client.ready();
  expect(await client.wifiManager.connectOnce()).toBe(true);
  await client.wifiManager.ensureConnected();
  await passMinutes(world.clock, 5);
  const warnings = world.console.entries.filter(({ level }) => level === 'Warning');
  expect(warnings).toMatchObject([{ text: expect.stringContaining('turn ffWifiManagerEnable off') }]);
  await client.stopMainCycle();
});

const watch = (): never => {
  throw new WifiError('unsupported', 'The driver reports no changes.');
};

test('a radio that reports no changes is read now and then, and its link is logged once (L7)', async () => {
  const radio = memoryWifi({ networks: { home: 'secret password' } });
  const { client, world } = createTestUnit({
    env,
    ffWifiManagerEnable: true,
    adapters: { wifi: { ...radio, watch } },
  });
  await client.ready();
  await passMinutes(world.clock, 10);
  const connected = () => world.console.entries.filter(({ text }) => text.startsWith('Connected to WiFi'));
  expect(connected()).toHaveLength(1);
  expect(world.console.entries.filter(({ text }) => text.endsWith('The driver reports no changes.'))).toHaveLength(1);
  radio.drop();
  await passMinutes(world.clock, 2);
  expect(radio.joins).toEqual(['home', 'home']);
  expect(connected()).toHaveLength(2);
  await client.stopMainCycle();
});

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('the radio is gone');
    },
  ],
  ['rejects', async () => Promise.reject(new Error('the radio is gone'))],
])('a radio whose watching ends with an error (%s) costs the unit nothing', async (_, fail) => {
  const radio = memoryWifi({ networks: { home: 'secret password' } });
  const watchRadio: typeof radio.watch = (onStatus) => {
    const stop = radio.watch(onStatus);
    return () => {
      stop();
      return fail();
    };
  };
  const { client, world } = createTestUnit({
    env,
    ffWifiManagerEnable: true,
    adapters: { wifi: { ...radio, watch: watchRadio } },
  });
  await client.ready();
  radio.drop();
  await passMinutes(world.clock, 2);
  expect(client.wifiManager.connectionState).toBe('connected');
  expect(radio.joins).toEqual(['home', 'home']);
  await client.stopMainCycle();
  expect(world.console.entries.filter(({ level }) => ['Error', 'Critical'].includes(level))).toEqual([]);
});

test('the machine alone decides when to try again, however many wait for the network (L7)', async () => {
  const { client, world } = createTestUnit({ env, ffWifiManagerEnable: true });
  world.wifi.appear('home', 'another password');
  const waiting = [client.ready(), client.wifiManager.connectForever(), client.wifiManager.ensureConnected()];
  await until(() => world.wifi.joins.length > 0 && client.wifiManager.connectionState === 'waiting');
  await passMinutes(world.clock, 1);
  const before = world.wifi.joins.length;
  await passMinutes(world.clock, 5);
  expect(world.wifi.joins.length - before).toBeLessThanOrEqual(5);
  const lines = world.console.entries.filter(({ text }) => text.startsWith('WiFi: '));
  expect(lines.filter(({ level }) => level === 'Warning')).toHaveLength(1);
  world.wifi.appear('home', 'secret password');
  await passMinutes(world.clock, 2);
  await Promise.all(waiting);
  expect(client.wifiManager.connectionState).toBe('connected');
  await client.stopMainCycle();
});

test('the network can be joined before the unit is at work, and the unit takes it over', async () => {
  const { client, world } = createTestUnit({ env });
  world.wifi.appear('home', 'secret password');
  expect(client.wifiManager.connectionState).toBe('idle');
  await client.wifiManager.connectForever();
  expect(client.wifiManager.connectionState).toBe('connected');
  expect(client.mqttClient.isConnected()).toBe(false);
  await client.ready();
  expect(world.wifi.joins).toEqual(['home']);
  await client.stopMainCycle();
});

test('an access point that drops the station after each join is not joined again and again (M14)', async () => {
  const { client, world } = createTestUnit({ env, ffWifiManagerEnable: true });
  world.wifi.appear('home', 'secret password');
  await client.ready();
  const before = world.wifi.joins.length;
  for (let second = 0; second < 600; second += 1) {
    world.wifi.drop();
    world.clock.advance(1000);
    await settle();
  }
  expect(world.wifi.joins.length - before).toBeGreaterThan(5);
  expect(world.wifi.joins.length - before).toBeLessThan(20);
  await client.stopMainCycle();
});

test('an adapter whose status gives nothing is named, with what it must give: to the log and to who asks', async () => {
  const wifi = { ...memoryWifi(), status: (async () => undefined) as never, scan: (async () => undefined) as never };
  const { client, world } = createTestUnit({ env, ffWifiManagerEnable: true, adapters: { wifi } });
  const connecting = client.wifiManager.connectOnce();
  await until(() => world.console.entries.some(({ text }) => text.startsWith('WiFi: ')));
  expect(world.console.entries.find(({ text }) => text.startsWith('WiFi: '))).toMatchObject({
    level: 'Warning',
    text: expect.stringContaining('status() of the wifi adapter gave undefined.'),
  });
  expect(await connecting).toBe(false);
  for (const ask of ['isConnected', 'isWifiLinked', 'scanHasTargetSsid'] as const)
    await expect(client.wifiManager[ask]()).rejects.toMatchObject({ name: 'WifiError', code: 'malformed' });
  await client.stopMainCycle();
});
