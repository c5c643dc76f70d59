import { expect, test } from 'vitest';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { memoryWifi } from '../../../adapters/memory/wifi.ts';
import { managedWifiContract } from '../../contracts/wifi.ts';

const live = () => new AbortController().signal;

managedWifiContract('simulated radio', async () => {
  const wifi = memoryWifi({ networks: { home: 'pass', cafe: 'latte' } });
  return {
    wifi,
    home: { ssid: 'home', password: 'pass' },
    other: { ssid: 'cafe', password: 'latte' },
    drop: wifi.drop,
  };
});

test('joining takes its time on the clock that it was given', async () => {
  const clock = fakeClock();
  const wifi = memoryWifi({ networks: { home: 'pass' }, joinMs: 3000, clock });
  const joining = wifi.join('home', 'pass', live());
  clock.advance(2999);
  expect(await wifi.status()).toEqual({ linked: false });
  clock.advance(1);
  await joining;
  expect(await wifi.status()).toEqual({ linked: true, ssid: 'home' });
});

test('a join that is given up leaves no timer and no link', async () => {
  const clock = fakeClock();
  const wifi = memoryWifi({ networks: { home: 'pass' }, joinMs: 3000, clock });
  const abort = new AbortController();
  const joining = wifi.join('home', 'pass', abort.signal);
  abort.abort();
  await expect(joining).rejects.toMatchObject({ name: 'WifiError', code: 'timeout' });
  expect(clock.pending).toBe(0);
  expect(wifi.joins).toEqual(['home']);
});

test('a network that goes out of reach loses the link, and can’t be joined until it is back', async () => {
  const wifi = memoryWifi({ networks: { home: 'pass' }, linkedTo: 'home' });
  wifi.vanish('home');
  expect(await wifi.status()).toEqual({ linked: false });
  expect(await wifi.scan(live())).toEqual([]);
  await expect(wifi.join('home', 'pass', live())).rejects.toMatchObject({ code: 'notFound' });
  wifi.appear('home', 'new');
  await expect(wifi.join('home', 'pass', live())).rejects.toMatchObject({ code: 'credentials' });
  await wifi.join('home', 'new', live());
  expect(await wifi.status()).toEqual({ linked: true, ssid: 'home' });
});

test('another network’s going does not matter; finding itself elsewhere is told', async () => {
  const wifi = memoryWifi({ networks: { home: 'pass', cafe: '' }, linkedTo: 'home' });
  const seen: unknown[] = [];
  wifi.watch((status) => seen.push(status));
  wifi.vanish('cafe');
  wifi.roam('neighbour');
  wifi.roam('neighbour');
  expect(seen).toEqual([{ linked: true, ssid: 'neighbour' }]);
});

test.each(['status', 'scan', 'join', 'leave'] as const)('%s fails as told, once', async (operation) => {
  const wifi = memoryWifi({ networks: { home: 'pass' } });
  const broken = new Error('broken');
  const call = () =>
    ({
      status: () => wifi.status(),
      scan: () => wifi.scan(live()),
      join: () => wifi.join('home', 'pass', live()),
      leave: () => wifi.leave(),
    })[operation]();
  wifi.failNext(operation, broken);
  await expect(call()).rejects.toBe(broken);
  await call();
});
