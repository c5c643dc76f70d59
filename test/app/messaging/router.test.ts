import { expect, test } from 'vitest';
import { brokerUrl, maxPauseMs, Router, type LinkPreferences } from '../../../app/messaging/router.ts';
import { parseEnv } from '../../../services/env.ts';
import type { JsonObject } from '../../../services/json.ts';
import { envDocument } from '../../support/documents.ts';

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

const routerTo = (host: string, preferences: LinkPreferences = {}, env: JsonObject = {}) =>
  new Router({
    env: () => parseEnv(envDocument({ PU_MQTT_HOST: host, ...env })),
    preferences,
    topics: {} as never,
    inbox: {} as never,
    publisher: {} as never,
    commands: {} as never,
  });

test('each of several brokers has its place', () => {
  const brokers = ['mqtt://first.test', 'wss://second.test/mqtt'];
  const urls = [0, 1].map((broker) => routerTo('broker.test', { brokers }).options(5, broker).url);
  expect(urls).toEqual(brokers);
  expect(routerTo('broker.test').options(5, 0).url).toBe('mqtt://broker.test:1883');
});

test('how widely units spread their return depends on where the first broker is, unless it is said', () => {
  const brokers = ['mqtt://10.0.0.1', 'mqtt://broker.example.org'];
  expect(routerTo('broker.example.org').jitterMs()).toBe(150_000);
  expect(routerTo('127.0.0.1').jitterMs()).toBe(0);
  expect(routerTo('127.0.0.1', { brokers }).jitterMs()).toBe(10_000);
  expect(routerTo('broker.example.org', { spreadMs: 7 }).jitterMs()).toBe(7);
});

test.each<[JsonObject, LinkPreferences, number]>([
  [{}, {}, 2000],
  [{ PU_MQTT_PING_INTERVAL: 1 }, {}, 250],
  [{ PU_MQTT_KEEPALIVE: 1 }, {}, 187.5],
  [{ PU_MQTT_KEEPALIVE: 0, PU_MQTT_PING_INTERVAL: 2 }, {}, 500],
  [{}, { timeoutMs: 1000 }, 250],
])('with %o and %o the link pauses for at most %d ms, well within its deadlines (M4)', (env, preferences, ms) => {
  expect(maxPauseMs(parseEnv(envDocument(env)), preferences)).toBe(ms);
});

test.each<[LinkPreferences, object]>([
  [{}, {}],
  [{ fastPath: false }, { fastPath: false }],
])('with %o a link is asked for %o besides', (preferences, asked) => {
  const { url, version, clientId, username, keepaliveSeconds, timeoutMs, ...besides } = routerTo(
    'broker.test',
    preferences,
  ).options(5, 0);
  expect([url, version, timeoutMs]).toEqual(['mqtt://broker.test:1883', 5, 10_000]);
  expect([clientId, username, keepaliveSeconds]).toHaveLength(3);
  expect(besides).toEqual(asked);
});
