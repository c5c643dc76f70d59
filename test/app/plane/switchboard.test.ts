import { expect, test } from 'vitest';
import { brokerUrl, createSwitchboard, type LinkPreferences } from '../../../app/plane/switchboard.ts';
import { parseEnv } from '../../../services/env.ts';
import { envDocument } from '../../support/env.ts';

test.each([
  ['broker.test', 1883, 'mqtt://broker.test:1883'],
  ['broker.test', 8883, 'mqtts://broker.test:8883'],
  ['10.0.0.1', 1884, 'mqtt://10.0.0.1:1884'],
  ['::1', 1883, 'mqtt://[::1]:1883'],
  ['fe80::1', 8883, 'mqtts://[fe80::1]:8883'],
  ['[::1]', 1883, 'mqtt://[::1]:1883'],
])('the broker at %s, port %i, is %s', (host, port, url) => {
  expect(brokerUrl(parseEnv(envDocument({ PU_MQTT_HOST: host, PU_MQTT_PORT: port })))).toBe(url);
});

test('TLS options ask for TLS, whatever the port', () => {
  expect(brokerUrl(parseEnv(envDocument()), {})).toBe('mqtts://127.0.0.1:1883');
});

const switchboard = (host: string, preferences: LinkPreferences = {}) =>
  createSwitchboard({
    env: () => parseEnv(envDocument({ PU_MQTT_HOST: host })),
    preferences,
    inbox: {} as never,
    publisher: {} as never,
    onCommand: () => undefined,
    onRefusal: () => undefined,
  });

test('each of several brokers has its place', () => {
  const brokers = ['mqtt://first.test', 'wss://second.test/mqtt'];
  const urls = [0, 1].map((broker) => switchboard('broker.test', { brokers }).options(5, broker).url);
  expect(urls).toEqual(brokers);
  expect(switchboard('broker.test').options(5, 0).url).toBe('mqtt://broker.test:1883');
});

test.each([
  ['broker.test', 150_000],
  ['10.0.0.1', 150_000],
  ['localhost.test', 150_000],
  ['localhost', 0],
  ['127.0.0.1', 0],
  ['::1', 0],
])('units that lose the broker at %s together come back within %i ms, unless told otherwise', (host, spreadMs) => {
  expect(switchboard(host).spreadMs()).toBe(spreadMs);
  expect(switchboard(host, { spreadMs: 7 }).spreadMs()).toBe(7);
});
