import { describe, expect, test } from 'vitest';
import type { Wifi, WifiStatus } from '../../services/wifi.ts';

/** A station under test that manages its network. */
export interface ManagedWifiBench {
  readonly wifi: Wifi;
  readonly home: { readonly ssid: string; readonly password: string };
  /** Another network in reach. */
  readonly other: { readonly ssid: string; readonly password: string };
  /** The link is lost from outside. */
  readonly drop: () => void | Promise<void>;
}

const live = () => new AbortController().signal;

/** What every WiFi adapter does, also one that has nothing to manage. */
export const wifiContract = (name: string, make: () => Promise<Wifi>): void => {
  describe(`wifi: ${name}`, () => {
    test('has a name and tells its link', async () => {
      const wifi = await make();
      expect(wifi.station).not.toBe('');
      expect(typeof (await wifi.status()).linked).toBe('boolean');
    });

    test('a scan gives names', async () => {
      const wifi = await make();
      for (const ssid of await wifi.scan(live())) expect(typeof ssid).toBe('string');
    });

    test('a network that is not in reach can’t be joined, and the password stays out of the error (C1)', async () => {
      const wifi = await make();
      const error: unknown = await wifi.join('nowhere', 'canary', live()).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'WifiError', message: expect.stringContaining('nowhere') });
      expect(JSON.stringify(error) + String(error)).not.toContain('canary');
    });

    test('watching can be ended, more than once', async () => {
      const wifi = await make();
      const stop = wifi.watch(() => undefined);
      expect([stop(), stop()]).toEqual([undefined, undefined]);
    });
  });
};

/** What a WiFi adapter that can join networks does. */
export const managedWifiContract = (name: string, make: () => Promise<ManagedWifiBench>): void => {
  wifiContract(name, async () => (await make()).wifi);

  describe(`managed wifi: ${name}`, () => {
    test('finds what is in reach, joins it and leaves it', async () => {
      const { wifi, home, other } = await make();
      expect(await wifi.scan(live())).toEqual(expect.arrayContaining([home.ssid, other.ssid]));
      await wifi.join(home.ssid, home.password, live());
      expect(await wifi.status()).toEqual({ linked: true, ssid: home.ssid });
      await wifi.leave();
      expect(await wifi.status()).toEqual({ linked: false });
      await wifi.leave();
    });

    test('says why it could not join, and is not linked then', async () => {
      const { wifi, home } = await make();
      await expect(wifi.join('nowhere', '', live())).rejects.toMatchObject({ code: 'notFound' });
      await expect(wifi.join(home.ssid, 'wrong', live())).rejects.toMatchObject({ code: 'credentials' });
      expect(await wifi.status()).toEqual({ linked: false });
    });

    test('scanning and joining stop when told to', async () => {
      const { wifi, home } = await make();
      await expect(wifi.scan(AbortSignal.abort())).rejects.toMatchObject({ name: 'WifiError' });
      await expect(wifi.join(home.ssid, home.password, AbortSignal.abort())).rejects.toMatchObject({
        name: 'WifiError',
      });
      expect(await wifi.status()).toEqual({ linked: false });
    });

    test('tells who watches, until that ends', async () => {
      const { wifi, home, other, drop } = await make();
      const seen: WifiStatus[] = [];
      const stop = wifi.watch((status) => seen.push(status));
      await wifi.join(home.ssid, home.password, live());
      await drop();
      await wifi.join(other.ssid, other.password, live());
      expect(seen).toEqual([{ linked: true, ssid: home.ssid }, { linked: false }, { linked: true, ssid: other.ssid }]);
      stop();
      await wifi.leave();
      expect(seen).toHaveLength(3);
    });
  });
};
