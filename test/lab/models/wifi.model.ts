import { expect } from 'vitest';
import { wifiMachine, type WifiContext } from '../../../machines/wifi.ts';
import { defineModel, type Seen } from './model.ts';

const lastLink = ({ facts }: Seen<WifiContext>): string | undefined =>
  facts.findLast(({ type }) => type === 'wifi.up' || type === 'wifi.down')?.type;

const isUp = (seen: Seen<WifiContext>): void => {
  expect(seen.context.isUp).toBe(true);
  expect(lastLink(seen)).toBe('wifi.up');
};

const isDown = (seen: Seen<WifiContext>): void => {
  expect(seen.context.isUp).toBe(false);
  expect(lastLink(seen)).not.toBe('wifi.up');
};

const runs =
  (...ids: string[]) =>
  ({ running }: Seen<WifiContext>): void =>
    expect(running).toEqual(ids);

const home = { ssid: 'home', maxReconnectionMs: 40_000, revision: 1 };

export const wifiModel = defineModel<typeof wifiMachine>({
  machine: wifiMachine,
  events: [
    { type: 'wifi.assume' },
    { type: 'wifi.connect', ...home },
    { type: 'wifi.connect', ...home, revision: 2 },
    { type: 'wifi.connect', ...home, ssid: 'work', revision: 3 },
    { type: 'wifi.disconnect' },
  ],
  outputs: {
    readStatus: [
      { linked: false },
      { linked: true, ssid: 'home' },
      { linked: true, ssid: 'other' },
      { linked: true, isUnmanaged: true },
    ],
    scan: [true, false],
  },
  listeners: {
    watchLink: [
      { type: 'link.changed', linked: false },
      { type: 'link.changed', linked: true, ssid: 'home' },
      { type: 'link.changed', linked: true, ssid: 'other' },
      { type: 'link.unwatchable', failure: { name: 'WifiError', code: 'unsupported', message: 'no events' } },
    ],
  },
  regions: [
    {
      name: 'all',
      key: ({ ssid, revision, linkedRevision = revision, isUp: up, upSsid, isUnmanagedTold, attempts, failure }) => [
        ssid,
        linkedRevision === revision,
        up,
        upSsid,
        isUnmanagedTold,
        Math.min(attempts, 2),
        failure?.code,
      ],
    },
  ],
  invariants: {
    idle: (seen) => {
      expect(seen.facts[0]).toEqual({ type: 'wifi.ready' });
      isDown(seen);
      runs()(seen);
    },
    unmanaged: (seen) => {
      isUp(seen);
      runs()(seen);
      expect(seen.facts.findLast(({ type }) => type === 'wifi.up')).toEqual({ type: 'wifi.up' });
    },
    checking: runs('readStatus'),
    scanning: (seen) => {
      isDown(seen);
      runs('scan')(seen);
    },
    joining: (seen) => {
      isDown(seen);
      runs('join')(seen);
    },
    linked: (seen) => {
      isUp(seen);
      expect(seen.context).toMatchObject({ attempts: 0, failure: undefined, linkedRevision: seen.context.revision });
      expect(seen.facts.findLast(({ type }) => type === 'wifi.up')).toMatchObject({ ssid: seen.context.ssid });
    },
    'linked.watched': runs('watchLink'),
    'linked.unwatched': ({ snapshot }) => expect(snapshot.hasTag('ready')).toBe(true),
    backingOff: (seen) => {
      isDown(seen);
      runs()(seen);
      expect(seen.context.attempts).toBeGreaterThan(0);
      expect(seen.facts.findLast(({ type }) => type === 'wifi.failed')).toMatchObject({
        failure: seen.context.failure,
      });
    },
  },
});
