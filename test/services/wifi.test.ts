import { assign, createActor, setup, SimulatedClock, toPromise } from 'xstate';
import { describe, expect, test } from 'vitest';
import { memoryWifi } from '../../adapters/memory/wifi.ts';
import { wifiMachine } from '../../machines/wifi.ts';
import {
  joinWifi,
  readWifiStatus,
  scanForSsid,
  watchWifi,
  type Wifi,
  type WifiLinkEvent,
  type WifiStatus,
} from '../../services/wifi.ts';
import { settle } from '../support/until.ts';

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

const outcome = (logic: Parameters<typeof createActor>[0], input: object = {}): Promise<unknown> =>
  toPromise(createActor(logic, { input }).start() as never);

/** What a watcher of this station sends to the machine. */
const told = (wifi: Wifi): WifiLinkEvent[] => {
  const events: WifiLinkEvent[] = [];
  const watch = watchWifi(wifi);
  const machine = setup({
    types: { events: {} as WifiLinkEvent },
    actors: { watch },
    actions: { keep: ({ event }) => void events.push(event) },
  }).createMachine({ invoke: { src: 'watch', input: {} }, on: { '*': { actions: 'keep' } } });
  createActor(machine).start().stop();
  return events;
};

const tellsTooMuch: Wifi['watch'] = (onStatus) => {
  onStatus({ linked: true, ssid: 'home', type: 'wifi.disconnect' } as WifiStatus);
  for (const rssi of [-60, -61]) onStatus({ rssi } as never);
  return () => undefined;
};

const tellsNoStatus = (onStatus: (status: WifiStatus) => void) => {
  onStatus({ linked: true, ssid: 'home' });
  onStatus(undefined as never);
  return () => undefined;
};

describe('an adapter that does not keep to its port is named, with what it must give', () => {
  test.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    ['linked', 'linked'],
    [{}, '{}'],
    [{ linked: 'yes' }, '{"linked":"yes"}'],
    [{ linked: true, ssid: 7 }, '{"linked":true,"ssid":7}'],
  ])('status() that gives %j', async (given, shown) => {
    const wifi = { ...memoryWifi(), status: async () => given as WifiStatus };
    const error = {
      name: 'WifiError',
      code: 'malformed',
      message: `status() of the wifi adapter gave ${shown}. It must give { linked: true or false, ssid?: a text }. Correct the adapter.`,
    };
    await expect(outcome(readWifiStatus(wifi))).rejects.toMatchObject(error);
    await expect(outcome(joinWifi({ wifi, wifiPassword: () => '' }), { ssid: 'home' })).rejects.toMatchObject(error);
  });

  test.each<[unknown, string]>([
    [undefined, 'undefined'],
    ['home', 'home'],
    [['home', 7], '["home",7]'],
  ])('scan() that gives %j', async (given, shown) => {
    const wifi = { ...memoryWifi(), scan: async () => given as string[] };
    await expect(outcome(scanForSsid(wifi), { ssid: 'home' })).rejects.toMatchObject({
      code: 'malformed',
      message: `scan() of the wifi adapter gave ${shown}. It must give an array of SSIDs. Correct the adapter.`,
    });
  });

  test('watch() that gives no way to end it, such as an async one', () => {
    const wifi: Wifi = { ...memoryWifi(), watch: (async () => undefined) as never };
    expect(told(wifi)).toMatchObject([
      {
        type: 'link.unwatchable',
        failure: {
          message:
            'watch() of the wifi adapter gave {}. It must give a function that ends the watching. Correct the adapter.',
        },
      },
    ]);
  });

  test('watch() that tells more than a status, or often none', () => {
    expect(told({ ...memoryWifi(), watch: tellsTooMuch })).toMatchObject([
      { type: 'link.changed', linked: true, ssid: 'home' },
      { type: 'link.unwatchable' },
    ]);
  });

  test('watch() that tells a status that is none', () => {
    expect(told({ ...memoryWifi(), watch: tellsNoStatus })).toMatchObject([
      { type: 'link.changed', linked: true, ssid: 'home' },
      {
        type: 'link.unwatchable',
        failure: { message: expect.stringContaining('watch() of the wifi adapter gave undefined') },
      },
    ]);
  });
});

test('a wifi machine that fails watches no more', async () => {
  const clock = new SimulatedClock();
  let watchers = 0;
  const station: Wifi = {
    ...memoryWifi({ networks: { home: 'password' }, linkedTo: 'home' }),
    watch: () => {
      watchers += 1;
      return () => void (watchers -= 1);
    },
  };
  const machine = wifiMachine.provide({
    actors: { readStatus: readWifiStatus(station), watchLink: watchWifi(station) },
    actions: {
      forgetAttempts: assign(() => {
        throw new Error('a defect');
      }),
    },
  });
  const actor = createActor(machine, { clock, input: {} });
  actor.subscribe({ error: () => undefined });
  actor.start().send({ type: 'wifi.connect', ssid: 'home', maxReconnectionMs: 60_000, revision: 1 });
  await settle();
  expect(watchers).toBe(1);
  clock.increment(20_000);
  expect(actor.getSnapshot().status).toBe('error');
  await settle();
  expect(watchers).toBe(0);
});
